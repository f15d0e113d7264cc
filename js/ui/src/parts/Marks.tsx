// Small signs: a run's colour and shape, a status, a key of the keyboard. Never colour alone.
import type { RunRow } from "../contract";
import { type Sign, sign } from "../lib/palette";

export const STATUS = { running: "●", finished: "✓", failed: "✗", interrupted: "◼", crashed: "✗" } as const;

export function RunMark({ id, look }: { id: string; look?: Sign }) {
  const { colour, glyph } = look ?? sign(id);
  return (
    <span className="nbt-mark" style={{ color: colour }} aria-hidden="true">
      {glyph}
    </span>
  );
}

export function Status({ status, reason }: { status: RunRow["status"]; reason?: string | null }) {
  return (
    <span className={`nbt-status nbt-status-${status}`} title={reason ?? undefined}>
      <span className="nbt-status-sign" aria-hidden="true">
        {STATUS[status] ?? "·"}
      </span>
      {status}
    </span>
  );
}

export const Spinner = ({ label = "Loading" }: { label?: string }) => (
  <span className="nbt-spinner" role="status" aria-label={label} />
);
