/** Which way a region reads history: from the store that keeps it, while it is in reach and quick, else from the embedded one. */
import type { HistoryStore } from "../core/ports/history-store.ts";
import type { MessageHistory } from "../core/ports/message-history.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { SharedPages } from "../core/ports/shared-pages.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Stamp } from "../core/stamp.ts";
import type { Progress } from "./projection-facts.ts";
import { PageCache } from "./read/page-cache.ts";
import { storedHistory } from "./read/stored-history.ts";
import { RecentChanges } from "./recent-changes.ts";

export interface HistoryReadingParts {
  readonly store: HistoryStore;
  readonly projection: Progress;
  readonly reader: Reader;
  readonly tables: TableReader;
  readonly isDistrusted: (stamp: Stamp) => boolean;
  readonly timers: Timers;
  /** Whether pages read before are to be used (mode `cached`). */
  readonly caching: () => boolean;
  /** Where such pages are kept for all processes of the region. */
  readonly shared?: SharedPages | undefined;
  readonly series: string;
  readonly read?: (by: "store" | "cache" | "embedded") => void;
}

/** A read that failed spares the next ones the wait. */
const PAUSE_MS = 1_000;

export function readHistory({ store, projection, timers, caching, shared, read, ...parts }: HistoryReadingParts): MessageHistory {
  const cache = new PageCache(shared);
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  return storedHistory({
    ...parts,
    store,
    recent: new RecentChanges(parts.tables),
    settled: () => (projection.reachable && timers.monotonicMs() >= notBeforeMs ? projection.readable : undefined),
    cache: () => {
      if (caching()) return cache;
      cache.clear();
      return undefined;
    },
    answered: (by) => read?.(by),
    failed: () => {
      notBeforeMs = timers.monotonicMs() + PAUSE_MS;
    },
  });
}
