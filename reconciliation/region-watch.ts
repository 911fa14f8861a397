/** What metrics and logs hear of a region; nothing leans on it. */

import type { ProjectionWatch } from "./projection.ts";
import type { Applied } from "./replica.ts";
import type { LinkChange } from "./sync-board.ts";
import type { WebhookWatch } from "./webhooks/lane.ts";

export interface RegionWatch extends ProjectionWatch, WebhookWatch {
  /** A page of history has been read, from there. */
  historyRead(by: "store" | "cache" | "embedded"): void;
  applied(applied: Applied): void;
  /** Events of one log message have been applied in memory. */
  took(origin: string, events: number, tookMs: number): void;
  /** A peer's whole presence list has been asked for and given. */
  presenceExchanged(peer: string): void;
  committed(tookMs: number, rows: number): void;
  storeRefused(cause: unknown): void;
  distrusted(origin: string): void;
  quarantined(origin: string): void;
  /** Messages of a peer's epoch that can be had from nobody. */
  lost(peer: string, epoch: number, from: number, to: number): void;
  link(change: LinkChange): void;
  /** The region, whose store was lost or behind, may answer again; `missing` messages of peers never came. */
  refilled(missing: number): void;
}
