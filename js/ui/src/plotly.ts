// The slim plotly.js: only the kinds of charts that the panel draws with it. A bundle of its own, loaded on demand.
import bar from "plotly.js/lib/bar";
import contour from "plotly.js/lib/contour";
import plotly from "plotly.js/lib/core";
import heatmap from "plotly.js/lib/heatmap";
import histogram from "plotly.js/lib/histogram";
import parcoords from "plotly.js/lib/parcoords";

plotly.register([bar, contour, heatmap, histogram, parcoords]);
export default plotly;
