import { useEffect, useReducer } from "react";
import { duration } from "../../../lib/format";

/** How long a run took; of a running one it counts on. */
export function Duration({ seconds, running, came }: { seconds: number; running: boolean; came: number }) {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => tick(), 1000);
    return () => clearInterval(timer);
  }, [running]);
  if (!running) return <span>{duration(seconds)}</span>;
  const now = seconds + (performance.now() - came) / 1000;
  // Whole seconds: tenths that come and go draw the eye for nothing.
  return <span className="nbt-counting">{now < 60 ? `${Math.floor(now)} s` : duration(now)}</span>;
}
