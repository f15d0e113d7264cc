// What is said where there is nothing to show: empty, or an error with its hint.
import type { ReactNode } from "react";
import { Button } from "./Button";

export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="nbt-empty">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

interface Problem {
  message: string;
  hint?: string;
}

export function ErrorNote({ error, again }: { error: Problem; again?: () => void }) {
  return (
    <div className="nbt-error" role="alert">
      <h3>{error.message}</h3>
      {error.hint && <p>{error.hint}</p>}
      {again && <Button label="Ask again" look="outline" onClick={again} />}
    </div>
  );
}
