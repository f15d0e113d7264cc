import { useEffect, useReducer } from "react";
import { duration } from "../../../lib/format";

/** How long a running run takes; it counts on from when its row came. */
export function Counting({ seconds, came }: { seconds: number; came: number }) {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(() => tick(), 1000);
    return () => clearInterval(timer);
  }, []);
  const now = seconds + (performance.now() - came) / 1000;
  // Whole seconds: tenths that come and go draw the eye for nothing.
  return <>{now < 60 ? `${Math.floor(now)} s` : duration(now)}</>;
}
