// What the cell printed and displayed, as it was, in its order.
import { useMemo, useState } from "react";
import type { Artifact, Output as Shown } from "../../contract";
import { oneLine, size } from "../../lib/format";
import { Button } from "../../parts/Button";
import { Spinner } from "../../parts/Marks";
import { EmptyState, ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { useMost } from "./bits";
import { previewOf } from "./content";
import { JsonTree } from "./JsonTree";
import { Preview } from "./Preview";
import { Sealed } from "./Sealed";
import type { TabProps } from "./state";
import { Terminal } from "./Terminal";

const MOST = 100;

export function Output({ detail }: Pick<TabProps, "detail">) {
  const { row, artifacts } = detail;
  const { data, error, again } = useAsk("runs.outputs", { run: row.id }, { every: 500 });
  const [most, more] = useMost(MOST);
  const files = useMemo(() => new Map(artifacts.map((one) => [one.path, one])), [artifacts]);
  if (!data) return error ? <ErrorNote error={error} again={again} /> : <Spinner label="Loading the output" />;
  if (!data.outputs.length) {
    return (
      <EmptyState title={row.status === "running" ? "No output so far" : "No output"}>
        <p>
          {row.status === "running"
            ? "What the cell prints and displays is kept when it ends."
            : row.kind === "cell"
              ? "The cell printed and displayed nothing, or outputs are not captured in this project."
              : "Only what a tracked cell prints and displays is kept."}
        </p>
      </EmptyState>
    );
  }
  return (
    <div className="nbt-outputs">
      {data.outputs.slice(0, most).map((output, at) => (
        <One key={at} output={output} run={row.id} file={files.get(output.artifact ?? "")} />
      ))}
      {more(data.outputs.length, "output")}
    </div>
  );
}

const LABELS: Record<string, string> = { stderr: "stderr", error: "error", result: "result" };

function One({ output, run, file }: { output: Shown; run: string; file: Artifact | undefined }) {
  const label = LABELS[output.kind];
  return (
    <div className={`nbt-output nbt-output-${output.kind}`}>
      {label && <span className="nbt-output-label">{label}</span>}
      {output.dropped > 0 && (
        <p className="nbt-cut">
          {size(output.dropped)} were cut{output.kind === "display" || output.kind === "result" ? "" : " before this"}.
        </p>
      )}
      <Body output={output} run={run} file={file} />
    </div>
  );
}

function Body({ output, run, file }: { output: Shown; run: string; file: Artifact | undefined }) {
  const { kind, mime, text, plain } = output;
  if (output.artifact) {
    if (!file) return <Terminal text={text ?? `[${mime}: its file is gone]`} />;
    const picture = ["picture", "svg"].includes(previewOf(file));
    return picture ? <Preview run={run} artifact={file} /> : <Figure text={text} run={run} file={file} mime={mime} />;
  }
  if (mime === "text/html" && text !== null) return <Html markup={text} plain={plain} />;
  if (mime === "application/json" || mime.endsWith("+json")) return <JsonText text={text ?? ""} />;
  // Markdown and LaTeX as they were written: text.
  return <Terminal text={text ?? plain ?? ""} end={kind === "stdout" || kind === "stderr" || kind === "error"} />;
}

/** HTML, or what the cell gave as text for it. */
function Html({ markup, plain }: { markup: string; plain: string | null }) {
  const [asText, setAsText] = useState(false);
  // "<IPython.core.display.HTML object>" says nothing.
  const worth = plain !== null && !/^<[\w.]+ object>$/.test(plain.trim());
  return (
    <div className="nbt-output-html">
      {asText && plain !== null ? (
        <Terminal text={plain} />
      ) : (
        <Sealed markup={markup} title="HTML that the cell displayed" />
      )}
      {worth && (
        <Button
          className="nbt-output-toggle"
          label={asText ? "As HTML" : "As text"}
          onClick={() => setAsText(!asText)}
        />
      )}
    </div>
  );
}

/** A figure of plotly or vega: its data, since drawing it would run what is in it. */
function Figure({ text, run, file, mime }: { text: string | null; run: string; file: Artifact; mime: string }) {
  const [open, setOpen] = useState(false);
  const what = mime.includes("plotly")
    ? "A plotly figure"
    : mime.includes("vega")
      ? "A vega figure"
      : oneLine(mime, 60);
  return (
    <>
      <p>
        {what}, {size(file.size)}.{" "}
        <button type="button" className="nbt-link-button" onClick={() => setOpen(!open)}>
          {open ? "Hide its data" : "Show its data"}
        </button>
      </p>
      {open ? <Preview run={run} artifact={file} /> : text && <Terminal text={text} />}
    </>
  );
}

function JsonText({ text }: { text: string }) {
  try {
    return <JsonTree value={JSON.parse(text)} />;
  } catch {
    return <Terminal text={text} />;
  }
}
