// Bundles the panel into nbtrack/widget/static: panel.js with panel.css, and plotly.js, which is loaded on demand.
//   node build.mjs [--watch] [--report]
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "nbtrack", "widget", "static");
const flags = new Set(process.argv.slice(2));

const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
  format: "esm",
  jsx: "automatic",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  minify: !flags.has("--watch"),
  target: ["es2022"],
};

const preact = {
  react: "preact/compat",
  "react-dom": "preact/compat",
  "react-dom/client": "preact/compat/client",
  "react/jsx-runtime": "preact/jsx-runtime",
};

const bundles = [
  { ...common, alias: preact, entryPoints: { panel: "panel/src/index.tsx" }, outdir: out },
  // plotly.js brings the style of maps, which the panel does not draw.
  { ...common, entryPoints: { plotly: "ui/src/plotly.ts" }, loader: { ".css": "empty" }, outdir: out },
];

async function report(results) {
  for (const { metafile } of results) {
    for (const [file, { bytes, inputs }] of Object.entries(metafile.outputs)) {
      console.log(`${file.split("/").pop()}: ${(bytes / 1000).toFixed(1)} kB`);
      const parts = {};
      for (const [name, { bytesInOutput }] of Object.entries(inputs)) {
        const part = name.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? name.split("/").slice(0, 5).join("/");
        parts[part] = (parts[part] ?? 0) + bytesInOutput;
      }
      const largest = Object.entries(parts).sort((a, b) => b[1] - a[1]);
      for (const [part, size] of largest.slice(0, 24))
        console.log(`  ${(size / 1000).toFixed(1).padStart(7)}  ${part}`);
    }
  }
}

await mkdir(out, { recursive: true });
await rm(join(out, ".built-from"), { force: true }); // hatch_build.py's note of what the files are from: no longer true
if (flags.has("--watch")) {
  for (const bundle of bundles) await (await esbuild.context(bundle)).watch();
} else {
  const results = await Promise.all(bundles.map((bundle) => esbuild.build(bundle))).catch((error) => {
    if (!error.errors) throw error; // else esbuild itself has said which file and line
    process.exit(1);
  });
  if (flags.has("--report")) await report(results);
}
