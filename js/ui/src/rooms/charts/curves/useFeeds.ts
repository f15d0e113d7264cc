// The feeds of one view of curves, kept up with what is shown and with the project's file.
import { useEffect, useMemo, useReducer } from "react";
import type { AskError } from "../../../api/transport";
import { usePanel } from "../../../state/panel";
import { useRevision } from "../../../state/query";
import { BandFeed } from "./data/bandFeed";
import { Feed, type Wanted } from "./data/feed";

const EVERY = 100; // milliseconds: ten updates a second

export interface Feeds {
  feed: Feed;
  bands: BandFeed;
  error: AskError | null;
  again: () => void;
}

export function useFeeds(wanted: Wanted): Feeds {
  const { transport } = usePanel();
  const [feed, bands] = useMemo(() => [new Feed(transport), new BandFeed(transport)] as const, [transport]);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const ends = [feed.listenError(() => redraw()), bands.listenError(() => redraw())];
    return () => {
      for (const end of ends) end();
      feed.close();
      bands.close();
    };
  }, [feed, bands]);

  const key = JSON.stringify(wanted);
  useEffect(() => feed.want(JSON.parse(key) as Wanted), [feed, key]);

  const revision = useRevision(EVERY);
  const running = wanted.runs.some((run) => run.running);
  useEffect(() => {
    if (revision) feed.news();
  }, [feed, revision]);
  // Also once after the last of them has ended: what it logged at its end counts.
  const changing = running ? revision : -1;
  useEffect(() => {
    if (changing) bands.news();
  }, [bands, changing]);

  const again = useMemo(
    () => () => {
      feed.again();
      bands.again();
    },
    [feed, bands],
  );
  return { feed, bands, error: feed.error ?? bands.error, again };
}
