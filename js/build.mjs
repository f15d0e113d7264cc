// Bundles the panel into nbtrack/widget/static: panel.js with panel.css, and what is loaded on demand: its large rooms
// (curves.js, run.js) and plotly.js; report.js with report.css, which HTML reports carry. And packs lab/ into
// lab/labextension, as JupyterLab loads it.
//   node build.mjs [--report]
import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "nbtrack", "widget", "static");
const lab = join(here, "lab");
const extension = join(lab, "labextension");
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
  minify: true,
  target: ["es2022"],
};

const preact = {
  react: "preact/compat",
  "react-dom": "preact/compat",
  "react-dom/client": "preact/compat/client",
  "react/jsx-runtime": "preact/jsx-runtime",
};

// A room that is loaded on demand, with the libraries that only it uses.
const rooms = {
  curves: { folders: ["ui/src/rooms/charts/curves"], own: /^uplot/ },
  run: {
    folders: ["ui/src/rooms/run", "ui/src/rooms/compare", "ui/src/rooms/lineage"],
    own: /^(highlight\.js|d3-dsv)/,
  },
};

/**
 * What a room imports from outside of its folders is given to it by the panel when it is loaded: a widget's module has no
 * address that a chunk could import from, and two copies of React or of the state would know nothing of one another.
 * `wanted` collects what that is.
 */
function fromPanel({ folders, own }, wanted) {
  const inside = (file) => folders.some((folder) => file.startsWith(join(here, folder) + sep));
  return {
    name: "from-panel",
    setup(build) {
      build.onResolve({ filter: /.*/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (kind === "entry-point" || pluginData === "resolving" || !inside(importer)) return;
        if (!path.startsWith(".")) return own.test(path) ? undefined : shared(path);
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: "resolving" });
        if (found.errors.length || inside(found.path)) return found;
        return shared(`./${relative(here, found.path)}`);
      });
      const shared = (path) => {
        wanted.add(path);
        return { path, namespace: "panel" };
      };
      build.onLoad({ filter: /.*/, namespace: "panel" }, ({ path }) => ({
        contents: `module.exports = { __esModule: true, ...__panel[${JSON.stringify(path)}] };`,
      }));
    },
  };
}

/** The module "nbt:shared": what the rooms want, by name. */
function toRooms(wanted) {
  return {
    name: "to-rooms",
    setup(build) {
      build.onResolve({ filter: /^nbt:shared$/ }, ({ path }) => ({ path, namespace: "shared" }));
      build.onLoad({ filter: /.*/, namespace: "shared" }, () => {
        const names = [...wanted].sort();
        const imports = names.map((name, at) => `import * as m${at} from ${JSON.stringify(name)};`);
        const entries = names.map((name, at) => `${JSON.stringify(name)}: m${at}`);
        return { contents: `${imports.join("\n")}\nexport default { ${entries.join(", ")} };`, resolveDir: here };
      });
    },
  };
}

function bundleRoom([name, room], wanted) {
  return esbuild.build({
    ...common,
    entryPoints: { [name]: `${room.folders[0]}/index.ts` },
    outdir: out,
    format: "iife",
    globalName: "room",
    banner: { js: "export default (__panel) => {" },
    footer: { js: "return room; };" },
    plugins: [fromPanel(room, wanted)],
  });
}

// plotly.js brings the style of maps, which the panel does not draw; the package that draws them is not installed.
const noMaps = {
  name: "no-maps",
  setup(build) {
    build.onResolve({ filter: /^maplibre-gl\// }, ({ path }) => ({ path, namespace: "maps" }));
    build.onLoad({ filter: /.*/, namespace: "maps" }, () => ({ contents: "" }));
  },
};

async function bundle() {
  const wanted = new Set();
  const parts = await Promise.all(Object.entries(rooms).map((room) => bundleRoom(room, wanted)));
  const whole = [
    { ...common, alias: preact, entryPoints: { panel: "panel/src/index.tsx" }, plugins: [toRooms(wanted)] },
    { ...common, entryPoints: { plotly: "ui/src/plotly.ts" }, plugins: [noMaps] },
    // Between the tags of a page: there a script must not have what ends it.
    {
      ...common,
      alias: preact,
      entryPoints: { report: "ui/src/report/index.tsx" },
      supported: { "inline-script": false },
    },
  ];
  return [...(await Promise.all(whole.map((one) => esbuild.build({ ...one, outdir: out })))), ...parts];
}

// What JupyterLab brings itself. React's JSX functions are not among it: the packer takes them in.
const fromLab = ["@jupyterlab/*", "@lumino/*", "react", "react/*", "react-dom", "react-dom/*"];

/**
 * Writes what JupyterLab brings, and which releases of it will do: every one of a major version, or JupyterLab 4.2 would
 * be told of each package that it is too old.
 */
async function sharedWithLab(file) {
  const newest = join(here, "node_modules", "@jupyterlab", "core-meta", "core.package.json");
  const core = JSON.parse(await readFile(newest, "utf8"));
  for (const ranges of [core.dependencies, core.resolutions ?? {}])
    for (const [name, range] of Object.entries(ranges)) ranges[name] = range.replace(/^[~^]?([1-9]\d*)\..*$/, "^$1");
  await writeFile(file, JSON.stringify(core));
  return file;
}

/**
 * esbuild makes modules of lab/, a part that is imported on demand one of its own; JupyterLab's packer makes them its.
 * That happens aside: what was built before stays until there is something to put in its place.
 */
async function bundleLab() {
  await mkdir(join(lab, "built"), { recursive: true });
  const aside = await mkdtemp(join(lab, "built", "of-"));
  try {
    return await packLab(aside);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/**
 * A style sheet becomes a module that puts it into the page: a part that imports it brings it along. The packer's own
 * loaders would add 4 kB to each such part.
 */
const styles = {
  name: "styles",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { outputFiles } = await esbuild.build({ ...common, entryPoints: [path], write: false });
      const text = JSON.stringify(outputFiles[0].text);
      const lines = ['const sheet = document.createElement("style");', `sheet.textContent = ${text};`];
      return { contents: [...lines, "document.head.append(sheet);"].join("\n"), loader: "js" };
    });
  },
};

async function packLab(aside) {
  const bundled = await esbuild.build({
    ...common,
    entryPoints: { index: "lab/src/index.ts" },
    outdir: aside,
    external: fromLab,
    plugins: [styles],
    splitting: true,
    minify: false, // the packer does it
  });
  const { devDependencies: _, ...about } = JSON.parse(await readFile(join(lab, "package.json")));
  const jupyterlab = { ...about.jupyterlab, outputDir: "out", schemaDir: relative(aside, join(lab, "schema")) };
  const packed = { ...about, main: "index.js", dependencies: {}, jupyterlab, "//": undefined };
  await writeFile(join(aside, "package.json"), JSON.stringify(packed, null, 2));
  const packer = join(here, "node_modules", "@jupyter", "builder", "lib", "build-labextension.js");
  const command = [packer, "--core-package-file", await sharedWithLab(join(aside, "core.json")), "."];
  const done = spawnSync(process.execPath, command, { cwd: aside, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`JupyterLab's packer failed:\n${done.stdout}${done.stderr}`);
  await stat(join(aside, "out", "package.json")); // it may end well and write nothing
  await copyFile(join(lab, "install.json"), join(aside, "out", "install.json"));
  await rm(extension, { recursive: true, force: true });
  await rename(join(aside, "out"), extension);
  return bundled;
}

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

/** What JupyterLab loads of the extension when it starts, and what it loads when it is needed. */
async function reportLab() {
  const { jupyterlab } = JSON.parse(await readFile(join(extension, "package.json"), "utf8"));
  const entry = await readFile(join(extension, jupyterlab._build.load), "utf8");
  // Of the container's modules JupyterLab asks for the extension, which waits for chunks, by number.
  const asked = entry.match(/"\.\/extension":\(\)=>(.*?)\.then/)[1];
  const first = new Set([...asked.matchAll(/\.e\("?(\w+)"?\)/g)].map(([, chunk]) => chunk));
  let sum = 0;
  for (const file of (await readdir(join(extension, "static"))).filter((name) => /\.[0-9a-f]{16}\.js$/.test(name))) {
    const { size } = await stat(join(extension, "static", file));
    const early = file.startsWith("remoteEntry.") || first.has(file.split(".")[0]);
    if (early) sum += size;
    console.log(`labextension/static/${file}: ${(size / 1000).toFixed(1)} kB, ${early ? "on start" : "when needed"}`);
  }
  console.log(`labextension on start: ${(sum / 1000).toFixed(1)} kB`);
}

await mkdir(out, { recursive: true });
await rm(join(out, ".built-from"), { force: true }); // hatch_build.py's note of what the files are from: no longer true
const results = await Promise.all([bundle(), bundleLab()]).catch((error) => {
  if (!error.errors) throw error; // else esbuild itself has said which file and line
  process.exit(1);
});
if (flags.has("--report")) {
  await report(results.flat());
  await reportLab();
}
