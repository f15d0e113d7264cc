// Copies the table, or what is selected of it, for a text, a paper or a spreadsheet.
import { useState } from "react";
import { AskError } from "../../../api/transport";
import { type Format, written } from "../../../lib/export";
import { plural } from "../../../lib/format";
import { Menu, MenuItem, MenuLine, MenuTitle } from "../../../parts/Menu";
import { useSeenColumns } from "../../../state/columns";
import { usePanel } from "../../../state/panel";
import { useSelection, useSort } from "../../../state/runs";
import { useView } from "../../../state/view";
import { copyText, download, fileName } from "./clipboard";
import { byId, type Gathered, gather } from "./gather";
import { TextDialog } from "./TextDialog";

const NAMES: Record<Format, string> = { markdown: "Markdown", latex: "LaTeX", csv: "CSV" };

export function Copy() {
  const [refused, setRefused] = useState<{ text: string; title: string } | null>(null);
  const [busy, setBusy] = useState(false);
  return (
    <>
      <Menu label={busy ? "Copying…" : "Copy"} icon="copy" disabled={busy}>
        {(close) => <Ways close={close} onBusy={setBusy} onRefused={(text, title) => setRefused({ text, title })} />}
      </Menu>
      {refused && <TextDialog title={refused.title} text={refused.text} onClose={() => setRefused(null)} />}
    </>
  );
}

interface Props {
  close: () => void;
  /** Ten thousand runs take a moment. */
  onBusy: (busy: boolean) => void;
  onRefused: (text: string, title: string) => void;
}

function Ways({ close, onBusy, onRefused }: Props) {
  const { transport, toasts, view, spec } = usePanel();
  const { seen, asked } = useSeenColumns();
  const selection = useSelection();
  const sort = useSort();
  const selected = useView((one) => one.selected);
  const { say } = toasts.getState();

  const make = async (format: Format): Promise<{ text: string; what: string }> => {
    const { stats, better, baseline, deltas } = view.getState();
    const found = await gather(transport, { selection, sort, columns: seen, selected });
    const base = baseline === null ? null : (found.rows.find((row) => row.id === baseline) ?? null);
    const from = base ?? (baseline === null ? null : ((await byId(transport, [baseline], false))[0] ?? null));
    const text = written(format, { columns: seen, rows: found.rows, stats, better, baseline: from, deltas });
    return { text, what: counted(found) };
  };
  const go = (act: () => Promise<void>) => {
    close();
    onBusy(true);
    act()
      .catch((error: unknown) => {
        const hint = error instanceof AskError ? error.hint : "";
        say({ kind: "error", text: error instanceof Error ? error.message : String(error), hint });
      })
      .finally(() => onBusy(false));
  };
  const copy = (format: Format) =>
    go(async () => {
      const { text, what } = await make(format);
      if (await copyText(text)) say({ kind: "done", text: `Copied ${what} as ${NAMES[format]}.` });
      else onRefused(text, `${what} as ${NAMES[format]}`);
    });
  const save = () =>
    go(async () => {
      const { text, what } = await make("csv");
      download(text, fileName(spec.root, "csv"), "text/csv");
      say({ kind: "done", text: `Downloaded ${what} as CSV.` });
    });
  const off = !asked.data;
  return (
    <>
      <MenuTitle>{selected.size ? plural(selected.size, "selected run") : "All runs that match"}</MenuTitle>
      <MenuItem label="Copy as Markdown" icon="copy" disabled={off} onChoose={() => copy("markdown")} />
      <MenuItem label="Copy as LaTeX" icon="copy" disabled={off} onChoose={() => copy("latex")} />
      <MenuItem label="Copy as CSV" icon="copy" disabled={off} onChoose={() => copy("csv")} />
      <MenuLine />
      <MenuItem label="Download CSV" icon="download" disabled={off} onChoose={save} />
    </>
  );
}

/** "18 runs", "the first 10,000 of 100,000 runs". */
export function counted({ rows, of }: Gathered): string {
  if (rows.length >= of) return plural(rows.length, "run");
  return `the first ${rows.length.toLocaleString("en-US")} of ${plural(of, "run")}`;
}
