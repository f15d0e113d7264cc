"""Figures as data, small ones as SVG, and statistics of many runs. Plotly is imported only by ``figure``."""

from __future__ import annotations

from nbtrack.charts.curves import Curve, metric_curves
from nbtrack.charts.figure import figure
from nbtrack.charts.palette import Sign, colour, marker, sign, signs
from nbtrack.charts.parallel import parallel_coordinates
from nbtrack.charts.scatter import scatter
from nbtrack.charts.sparkline import sparkline

__all__ = [
    "Curve",
    "Sign",
    "colour",
    "figure",
    "marker",
    "metric_curves",
    "parallel_coordinates",
    "scatter",
    "sign",
    "signs",
    "sparkline",
]
