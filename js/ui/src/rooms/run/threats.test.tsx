// Script in data: every text of a run is hostile, every part is opened, and nothing of it becomes an element.
import { cleanup, fireEvent, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Json } from "../../contract";
import { artifact, BEFORE, detail, explanation, ID, output, panel, row, settle, summary } from "./fixture";
import { OneRun } from "./OneRun";

const ATTACKS = [
  "<img src=x onerror=globalThis.owned=1>",
  "</iframe></pre></textarea></script><script>globalThis.owned=1</script>",
  '<a id="body" name="cookie" href="javascript:globalThis.owned=1">x</a>',
  '<button data-commandlinker-command="terminal:create" data-commandlinker-args="{}">x</button>',
  "<svg onload=globalThis.owned=1><style>*{display:none}</style></svg>",
  "\"><input autofocus onfocus='globalThis.owned=1'>",
  "\u001b]8;;javascript:globalThis.owned=1\u0007x\u001b]8;;\u0007",
  "{{constructor.constructor('globalThis.owned=1')()}}",
];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function hostile(text: string) {
  const named = row({
    name: text,
    note: text,
    experiment: text,
    notebook: text,
    end_reason: text,
    tags: { [text]: text },
    metrics: { [text]: summary(1), [`${text}.a`]: summary(1), [`${text}.b`]: summary(1) },
  });
  const value: Json = { [text]: [text, { [text]: text }] };
  const files = ["x.txt", "x.html", "x.svg", "x.csv", "x.json", "x.py", "x.log"].map((name) =>
    artifact(text + name, text),
  );
  const run = detail({
    row: named,
    params: [
      { name: text, value: text, source: text, at: 1, earlier: [text] },
      { name: `${text}/a`, value, source: "cell", at: 1, earlier: [] },
      { name: `${text}/b`, value, source: "cell", at: 1, earlier: [] },
    ],
    artifacts: files,
    datasets: [{ name: text, role: text, kind: text, path: text, hash: text, info: { [text]: text } }],
    children: [text, text],
    code: text,
    environment: {
      python: text,
      system: text,
      cpu: { model: text },
      gpus: [{ name: text }],
      packages: { [text]: text },
    },
    git: { commit: text, branch: text, dirty: true, diff: `+${text}\n-${text}`, remote: text, diff_dropped: 3 },
    session: { host: text, kind: text, kernel_id: text },
  });
  const other = row({ ...named, id: BEFORE });
  const line = { kind: "left" as const, text, left: 1, right: null };
  const lines = [line, { kind: "right" as const, text: `${text} `, left: null, right: 1 }];
  return panel({
    "runs.get": () => run,
    "runs.page": () => ({ rows: [other, { ...named, id: ID }], matched: 2, total: 2, offset: 0, revision: 1 }),
    "runs.outputs": () => ({
      outputs: [
        ...["stdout", "stderr", "error", "display"].map((kind) => output({ kind, text })),
        ...["text/html", "text/markdown", "text/latex", "application/json", text].map((mime) =>
          output({ kind: "display", mime, text, plain: text }),
        ),
        ...files.map(({ path }) => output({ kind: "display", mime: text, text, artifact: path })),
      ],
    }),
    "runs.artifact": ({ path }) => ({
      artifact: files.find((one) => one.path === path) ?? artifact(path),
      data: btoa(unescape(encodeURIComponent(path.endsWith("json") ? JSON.stringify(value) : text))),
      cut: false,
    }),
    "runs.executions": () => ({
      executions: [
        {
          number: 1,
          execution: 1,
          cell: text,
          source: text,
          started: 1,
          ended: 2,
          status: text,
          stored: [],
          loaded: [],
          facts: {},
        },
      ],
    }),
    "runs.code": () => ({ run: BEFORE, text }),
    "runs.diff": () => ({
      left: other,
      right: named,
      code: lines,
      changes: ["package", "environment", "git"].map((what) => ({ what, name: text, left: text, right: value })),
    }),
    "lineage.explain": () =>
      explanation({
        left: other,
        right: named,
        chosen: text,
        reasons: [{ rank: 1, what: "code", name: text, text, why: text, left: text, right: text, lines }],
        outcome: [{ what: "metric", name: text, left: text, right: 1 }],
      }),
  });
}

/** Everything that only data could have made. */
function strangers(root: HTMLElement): string[] {
  const found: string[] = [];
  for (const element of root.querySelectorAll("*")) {
    const name = element.tagName.toLowerCase();
    if (["script", "style", "link", "a", "object", "embed", "form", "base", "meta"].includes(name)) found.push(name);
    if (name === "img" && !/^(?:blob:|data:image\/svg\+xml;base64,)/.test(element.getAttribute("src") ?? ""))
      found.push("img");
    if (name === "iframe" && element.getAttribute("sandbox") !== "") found.push("an open iframe");
    for (const { name: attribute, value } of element.attributes) {
      if (/^on|^data-commandlinker|^name$|^srcset$|^formaction$/i.test(attribute)) found.push(attribute);
      if (attribute === "id" && !/^nbt-run-\d+/.test(value)) found.push(`id=${value}`);
      if (/^\s*javascript:/i.test(value) && attribute !== "title") found.push(`${attribute}=${value}`);
    }
  }
  return found;
}

test.each(ATTACKS)("%s runs nowhere and becomes no element", async (text) => {
  const { show } = hostile(text);
  const { container } = show(<OneRun id={ID} />);
  await settle();
  const found = new Set<string>();
  const look = async () => {
    await settle(600);
    for (const one of strangers(document.body)) found.add(one);
  };
  for (const tab of screen.getAllByRole("tab")) {
    fireEvent.click(tab);
    await look();
    const label = tab.textContent ?? "";
    if (label === "Code") {
      fireEvent.click(screen.getByRole("button", { name: "Difference" }));
      await look();
      fireEvent.click(screen.getByRole("button", { name: /Side by side/ }));
      await look();
      fireEvent.click(screen.getByRole("button", { name: /executed before/ }));
      await look();
      fireEvent.click(screen.getByRole("button", { name: /^In \[1\]/ }));
      await look();
      fireEvent.click(screen.getByRole("button", { name: /^Compare with/ }));
      await look();
    }
    if (label.startsWith("Artifacts")) {
      for (const file of container.querySelectorAll<HTMLElement>(".nbt-file:not([aria-expanded])")) {
        fireEvent.click(file);
        await look();
      }
    }
  }
  expect([...found]).toEqual([]);
  expect((globalThis as { owned?: number }).owned).toBeUndefined();
  expect(container.textContent).toContain(text.includes("\u001b") ? "x" : text.slice(0, 20));
});

test("the test can see: an element made from data is found", () => {
  const box = document.createElement("div");
  box.innerHTML =
    '<img src=x onerror=1><p id="body" data-commandlinker-command="x"></p><iframe sandbox="allow-scripts"></iframe>';
  expect(strangers(box)).toEqual(["img", "onerror", "id=body", "data-commandlinker-command", "an open iframe"]);
});
