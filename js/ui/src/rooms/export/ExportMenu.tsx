// Writes runs into a file: which runs, in which format. Python writes it, into exports/ beside the notebook.
import { type FormEvent, useState } from "react";
import { AskError } from "../../api/transport";
import type { ExportRequest, FormatInfo } from "../../contract";
import { oneLine, plural, size } from "../../lib/format";
import { Button } from "../../parts/Button";
import { Spinner } from "../../parts/Marks";
import { Menu } from "../../parts/Menu";
import { ErrorNote } from "../../parts/Notes";
import { usePanel } from "../../state/panel";
import { useAsk } from "../../state/query";
import type { Toast } from "../../state/toasts";

/** Runs that can be exported, by a name for people. */
export interface Choice {
  label: string;
  /** How many they are, as far as is known. */
  count?: number;
  which: Pick<ExportRequest, "runs" | "filter" | "also" | "experiment" | "notebook" | "trashed" | "sort">;
}

/** Opens a file of the project, or has the browser save it. */
export type OpenFile = (path: string, how: "open" | "download") => void;

interface Props {
  choices: readonly Choice[];
  iconOnly?: boolean;
  openFile?: OpenFile;
}

const LONGEST = 600_000; // milliseconds: a hundred thousand runs take their time
const PATH = 80; // characters of a path that are said

export function ExportMenu({ choices, iconOnly, openFile }: Props) {
  const { transport, toasts, host } = usePanel();
  const [busy, setBusy] = useState(false);
  const open = openFile ?? host?.openFile;
  const start = async (request: ExportRequest) => {
    const { say } = toasts.getState();
    setBusy(true);
    try {
      const done = await transport.ask("transfer.export", request, { timeout: LONGEST });
      const where = `${oneLine(done.path, PATH)} (${size(done.size)})`;
      const ways = open && waysTo(done.path, open);
      say({ kind: "done", text: `Wrote ${plural(done.runs, "run")} to ${where}.`, ...ways });
    } catch (error) {
      const known = error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) });
      say({ kind: "error", text: known.message, hint: known.hint });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu
      label={busy ? "Exporting…" : "Export"}
      title="Export runs as a report, a table, a notebook or a file for another project"
      icon="export"
      iconOnly={iconOnly}
      role="dialog"
      disabled={busy}
    >
      {(close) => (
        <Form
          choices={choices}
          onExport={(request) => {
            close();
            void start(request);
          }}
        />
      )}
    </Menu>
  );
}

function waysTo(path: string, open: OpenFile): Pick<Toast, "action" | "other"> {
  return {
    action: { label: "Open", run: () => open(path, "open") },
    other: { label: "Download", run: () => open(path, "download") },
  };
}

function Form({ choices, onExport }: { choices: readonly Choice[]; onExport: (request: ExportRequest) => void }) {
  const asked = useAsk("transfer.formats", {}, { once: true });
  const [at, setAt] = useState(0);
  const [format, setFormat] = useState<FormatInfo["format"]>("html");
  const [still, setStill] = useState(false);
  const choice = choices[at] ?? choices[0];
  if (asked.error && !asked.data) return <ErrorNote error={asked.error} again={asked.again} />;
  if (!asked.data || !choice) return <Spinner label="Loading the formats" />;
  const { formats } = asked.data;
  const chosen = formats.find((one) => one.format === format && !refused(one, choice)) ?? formats[0];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosen) onExport({ ...choice.which, format: chosen.format, static: chosen.format === "html" && still });
  };
  return (
    <form className="nbt-form nbt-export" onSubmit={submit}>
      <fieldset>
        <legend>Runs</legend>
        {choices.map(({ label, count }, place) => (
          <label key={label} className="nbt-check">
            <input type="radio" name="nbt-export-runs" checked={place === at} onChange={() => setAt(place)} />
            <span className="nbt-check-text">{label}</span>
            {count !== undefined && <span className="nbt-menu-note">{count.toLocaleString("en-US")}</span>}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>As</legend>
        {formats.map((one) => {
          const why = refused(one, choice);
          return (
            <label key={one.format} className="nbt-check" title={one.missing ?? undefined}>
              <input
                type="radio"
                name="nbt-export-format"
                disabled={why !== ""}
                checked={one === chosen}
                onChange={() => setFormat(one.format)}
              />
              <span className={`nbt-check-text${why ? " nbt-dim" : ""}`}>{one.label}</span>
              <span className="nbt-menu-note">{why || one.suffix}</span>
            </label>
          );
        })}
      </fieldset>
      <label className="nbt-check">
        <input
          type="checkbox"
          checked={still}
          disabled={chosen?.format !== "html"}
          onChange={(event) => setStill(event.currentTarget.checked)}
        />
        <span className="nbt-check-text">Report without a script</span>
      </label>
      <Button label="Export" look="primary" type="submit" disabled={!chosen || choice.count === 0} />
    </form>
  );
}

/** Why a format cannot be chosen, in a word or two. */
function refused({ one, missing }: FormatInfo, { count }: Choice): string {
  if (missing) return "not installed";
  return one && count !== 1 ? "one run" : "";
}
