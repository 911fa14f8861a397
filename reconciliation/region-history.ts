/** Where a region's messages are read: in the history store beside it where there is one, else in its own. */
import type { MessageHistory } from "../core/ports/message-history.ts";
import { embeddedHistory } from "../core/ports/message-history.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { Stamp } from "../core/stamp.ts";
import { readHistory } from "./history-reading.ts";
import type { Projections } from "./projections.ts";
import type { RegionPorts } from "./region-ports.ts";

export interface RegionHistoryParts {
  readonly ports: RegionPorts;
  readonly projections: Projections;
  readonly reader: Reader;
  readonly tables: TableReader;
  readonly isDistrusted: (stamp: Stamp) => boolean;
}

export function regionHistory({ ports, projections, reader, tables, isDistrusted }: RegionHistoryParts): MessageHistory {
  const { history: store, timers, watch } = ports;
  if (store === undefined || projections.history === undefined) return embeddedHistory(reader);
  return readHistory({
    ...{ store, projection: projections.history, reader, tables, isDistrusted, timers },
    caching: ports.cacheHistory ?? (() => false),
    ...{ shared: ports.sharedPages, series: projections.series },
    read: (by) => watch?.historyRead?.(by),
  });
}
