// A look at a file. HTML stands in a frame that may do nothing; an SVG is a picture, in which scripts are dead; nothing
// that could hold code is ever loaded.
import { csvParseRows, tsvParseRows } from "d3-dsv";
import { useMemo } from "react";
import type { Artifact, Json } from "../../contract";
import { oneLine, plural, size } from "../../lib/format";
import { Button } from "../../parts/Button";
import { Spinner } from "../../parts/Marks";
import { ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { CodeBlock } from "./Code";
import { blobType, bytesOf, ending, LIMITS, previewOf, textOf, useAddress, useBlobUrl, useDownload } from "./content";
import { pythonLines } from "./highlight";
import { JsonTree } from "./JsonTree";
import { Sealed } from "./Sealed";
import { Terminal } from "./Terminal";

const ROWS = 200;
const COLUMNS = 50;

interface Props {
  run: string;
  artifact: Artifact;
}

/** The preview of an artifact; where there is none, what is known of it. */
export function Preview({ run, artifact }: Props) {
  const kind = previewOf(artifact);
  const address = useAddress(run, artifact);
  // Played from where it is, so that the browser fetches what it plays; a large picture as it comes.
  if (address && (kind === "audio" || kind === "video")) {
    return <Player key={artifact.hash} src={address} kind={kind} artifact={artifact} />;
  }
  if (address && kind === "picture" && artifact.size > LIMITS.picture) {
    return <img className="nbt-picture" src={address} alt={oneLine(artifact.path, 200)} />;
  }
  if (kind === "none" || kind === "video")
    return <NoPreview why="There is no preview of this kind of file." run={run} artifact={artifact} />;
  // The same path may hold another file after the next log: its hash says so.
  return <Loaded key={artifact.hash} run={run} artifact={artifact} />;
}

function Loaded({ run, artifact }: Props) {
  const kind = previewOf(artifact);
  const { data, error, again } = useAsk(
    "runs.artifact",
    { run, path: artifact.path, limit: LIMITS[kind] },
    { once: true, timeout: 120_000 },
  );
  const bytes = useMemo(() => (data ? bytesOf(data.data) : null), [data]);
  if (!bytes || !data) return error ? <ErrorNote error={error} again={again} /> : <Spinner label="Loading the file" />;
  return <Shown run={run} artifact={artifact} bytes={bytes} cut={data.cut} base64={data.data} />;
}

interface ShownProps extends Props {
  bytes: Uint8Array<ArrayBuffer>;
  base64: string;
  cut: boolean;
}

function Shown({ run, artifact, bytes, base64, cut }: ShownProps) {
  const kind = previewOf(artifact);
  const isText = kind !== "picture" && kind !== "audio" && kind !== "svg";
  const text = useMemo(() => (isText ? textOf(bytes) : ""), [isText, bytes]);
  if (!bytes.length) return <p className="nbt-dim">The file is empty.</p>;
  if (text === null) return <NoPreview why="This file is not text." run={run} artifact={artifact} />;
  if (cut && (kind === "picture" || kind === "audio" || kind === "svg")) {
    return <NoPreview why="This file is too large to be shown here." run={run} artifact={artifact} />;
  }
  return (
    <>
      {cut && (
        <p className="nbt-cut">
          Only the first {size(bytes.length)} of {size(artifact.size)} are shown.
        </p>
      )}
      {kind === "picture" && <Picture bytes={bytes} artifact={artifact} />}
      {kind === "svg" && <Svg base64={base64} name={artifact.path} />}
      {kind === "audio" && <Sound bytes={bytes} artifact={artifact} />}
      {kind === "html" && <Sealed markup={text} title={`The page ${oneLine(artifact.path, 120)}`} fill />}
      {kind === "table" && <Table text={text} tabs={isTabbed(artifact)} cut={cut} />}
      {kind === "json" && <JsonFile text={text} cut={cut} />}
      {kind === "python" && <Python text={text} />}
      {kind === "text" && <Terminal text={text} />}
    </>
  );
}

export function Picture({ bytes, artifact }: { bytes: Uint8Array<ArrayBuffer>; artifact: Artifact }) {
  const url = useBlobUrl(bytes, blobType(artifact));
  return url && <img className="nbt-picture" src={url} alt={oneLine(artifact.path, 200)} />;
}

/**
 * An SVG as a picture: scripts, links and what it would load are dead in one. By a data: URL, not a blob: one, since
 * "open image in new tab" would make a blob a document of the page's own origin, where its scripts would run.
 */
export function Svg({ base64, name }: { base64: string; name: string }) {
  return <img className="nbt-picture" src={`data:image/svg+xml;base64,${base64}`} alt={oneLine(name, 200)} />;
}

function Sound({ bytes, artifact }: { bytes: Uint8Array<ArrayBuffer>; artifact: Artifact }) {
  const url = useBlobUrl(bytes, blobType(artifact));
  // biome-ignore lint/a11y/useMediaCaption: nobody wrote captions for a run's sounds
  return url && <audio controls src={url} aria-label={oneLine(artifact.path, 200)} />;
}

function Player({ src, kind, artifact }: { src: string; kind: "audio" | "video"; artifact: Artifact }) {
  const Media = kind;
  return (
    <Media className={`nbt-${kind}`} controls preload="metadata" src={src} aria-label={oneLine(artifact.path, 200)} />
  );
}

function Python({ text }: { text: string }) {
  const lines = useMemo(() => pythonLines(text), [text]);
  return <CodeBlock lines={lines} />;
}

const isTabbed = ({ path, mime }: Artifact) => ending(path) === "tsv" || mime === "text/tab-separated-values";

/** The rows of a table as text: a cell that begins with "=" is text too. */
export function tableRows(text: string, tabs: boolean): string[][] {
  return (tabs ? tsvParseRows : csvParseRows)(text.replace(/^\ufeff/, ""));
}

function Table({ text, tabs, cut }: { text: string; tabs: boolean; cut: boolean }) {
  const [head = [], ...rows] = useMemo(() => tableRows(text, tabs), [text, tabs]);
  // A row that the end cut through would show a wrong value.
  if (cut) rows.pop();
  const numeric = head.map((_, at) => rows.slice(0, ROWS).every((row) => !row[at] || !Number.isNaN(Number(row[at]))));
  const fewer = rows.length > ROWS || head.length > COLUMNS;
  return (
    <>
      <p className="nbt-dim">
        {cut ? "more than " : ""}
        {plural(rows.length, "row")}, {plural(head.length, "column")}
        {fewer && `; the first ${Math.min(ROWS, rows.length)} × ${Math.min(COLUMNS, head.length)} are shown`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className="nbt-table-box" tabIndex={0} aria-label="Table">
        <table className="nbt-data-table">
          <thead>
            <tr>
              {head.slice(0, COLUMNS).map((name, at) => {
                const look = numeric[at] ? "nbt-num" : "";
                // The index of a DataFrame has no name: no heading either.
                if (!name.trim()) return <td key={at} />;
                return (
                  <th key={at} scope="col" className={look}>
                    {oneLine(name, 60)}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, ROWS).map((row, at) => (
              <tr key={at}>
                {row.slice(0, COLUMNS).map((cell, place) => (
                  <td
                    key={place}
                    className={numeric[place] ? "nbt-num" : ""}
                    title={cell.length > 60 ? cell.slice(0, 500) : undefined}
                  >
                    {oneLine(cell, 60)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function JsonFile({ text, cut }: { text: string; cut: boolean }) {
  const parsed = useMemo((): { value: Json } | null => {
    try {
      return { value: JSON.parse(text) as Json };
    } catch {
      return null;
    }
  }, [text]);
  if (parsed) return <JsonTree value={parsed.value} />;
  return (
    <>
      {!cut && <p className="nbt-dim">This is not strict JSON (NaN, for example): shown as text.</p>}
      <Terminal text={text} />
    </>
  );
}

function NoPreview({ why, run, artifact }: Props & { why: string }) {
  const download = useDownload(run);
  return (
    <div className="nbt-no-preview">
      <p>{why}</p>
      <p className="nbt-dim">Files are never loaded or unpickled to be looked at.</p>
      <Button
        icon="download"
        look="outline"
        label={`Download ${size(artifact.size)}`}
        onClick={() => download(artifact)}
      />
    </div>
  );
}
