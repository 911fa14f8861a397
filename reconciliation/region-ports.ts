/** What a region stands on, and what it gives to those above it. */
import type { Acceptor } from "../core/ports/acceptor.ts";
import type { PresenceBoard, Verifier } from "../core/ports/boards.ts";
import type { DirectoryStore } from "../core/ports/directory-store.ts";
import type { DocumentSource } from "../core/ports/documents.ts";
import type { EventLog } from "../core/ports/event-log.ts";
import type { Feed } from "../core/ports/feed.ts";
import type { HistoryStore } from "../core/ports/history-store.ts";
import type { MessageHistory } from "../core/ports/message-history.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { RouteSource } from "../core/ports/route-source.ts";
import type { SharedPages } from "../core/ports/shared-pages.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Tracer } from "../core/ports/tracer.ts";
import type { WebhookCarrier, WebhookDesk } from "../core/ports/webhooks.ts";
import type { Share } from "../core/share.ts";
import type { PhysicalClock } from "../core/stamp.ts";
import type { GateCounts } from "./gate.ts";
import type { LateTail } from "./late-tail.ts";
import type { OperatorOrders } from "./operator-orders.ts";
import type { PresenceExchange } from "./presence-exchange.ts";
import type { ProjectionFacts } from "./projection-facts.ts";
import type { Refill } from "./refill.ts";
import type { RegionWatch } from "./region-watch.ts";
import type { Replica } from "./replica.ts";
import type { RegionSyncBoard } from "./sync-board.ts";

export interface RegionPorts {
  readonly region: string;
  /** All regions of the mesh, this one included. */
  readonly regions: readonly string[];
  readonly store: StateStore;
  readonly log: EventLog;
  /** Earlier epochs of the own log that stand here, oldest first: read before the log by a store that is behind. */
  readonly earlier?: readonly EventLog[];
  /** The epoch is new and empty: its first event names the one before (H1). */
  readonly previous?: { readonly epoch: number; readonly sequence: number };
  readonly link: PeerLink;
  /** Regions that are gone for good: their logs are read to the end from whichever peer holds them. */
  readonly retired?: readonly string[];
  readonly timers: Timers;
  readonly physical: PhysicalClock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Of the mesh, equal in every region: what content is compared by (H9). */
  readonly secret: string;
  /** What must come of a document before it is folded into a checkpoint (`document-checkpoints.ts`); absent: 64 KiB. */
  readonly checkpointBytes?: number;
  /** This life of the process, unlike every other. */
  readonly boot: string;
  /** Where message history is kept beside the embedded store. */
  readonly history?: HistoryStore;
  /** Whether pages of it that were read before may answer again (P2). */
  readonly cacheHistory?: () => boolean;
  /** Where such pages are kept for all processes of the region. */
  readonly sharedPages?: SharedPages;
  /** Where users, channels and members are kept beside the embedded store. */
  readonly directory?: DirectoryStore;
  /** Of the channels that this process brings to those stores; absent: all. Other processes bring the rest. */
  readonly share?: Share;
  /** What brings events to webhooks; absent: this process brings none. */
  readonly webhooks?: WebhookCarrier;
  /** What metrics and logs hear; nothing leans on it. */
  readonly watch?: Partial<RegionWatch>;
}

export interface Region {
  readonly acceptor: Acceptor;
  readonly reader: Reader;
  /** Messages as the door reads them, wherever they are kept. */
  readonly history: MessageHistory;
  readonly documents: DocumentSource;
  readonly feed: Feed;
  readonly routes: RouteSource;
  readonly tracer: Tracer;
  readonly webhooks: WebhookDesk;
  /** Events that this region has yet to bring to webhooks. */
  hooksWaiting(): number;
  readonly links: RegionSyncBoard;
  readonly presence: PresenceBoard & PresenceExchange;
  readonly verifier: Verifier;
  readonly replica: Replica;
  readonly lateTail: LateTail;
  readonly orders: OperatorOrders;
  /** Nobody is to be answered while it says that something is left. */
  readonly refill: Pick<Refill, "left">;
  /** Whether the store takes rows, and whether the log answers. */
  health(): { readonly store: boolean; readonly logWaiting: number; readonly rowsAhead: number; readonly quarantined: number };
  /** What the gates have seen of each peer's log. */
  gates(): ReadonlyMap<string, GateCounts>;
  /** How far the stores beside the embedded one have come. */
  projections(): readonly ProjectionFacts[];
  /** The list of regions has changed, and `link` knows it: who the peers are now, and which regions are gone for good. */
  regroup(peers: readonly string[], retired: readonly string[]): void;
  /** How far some peer holds the log of a retired region. */
  heardOf(retired: string, epoch: number, head: number): void;
  /** No new commands; resolves when what was in flight has landed and everything is committed. */
  drain(): Promise<void>;
  /** Ends the region's life without waiting for the log. */
  close(): Promise<void>;
}
