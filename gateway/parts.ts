/** What a gateway is built from, and what it gives back. Everything it knows of its region comes in through these ports. */
import type { JWTVerifyGetKey } from "jose";
import type { Refusal } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Acceptor } from "../core/ports/acceptor.ts";
import type { PresenceBoard, RegionRanking, SyncBoard, Verifier } from "../core/ports/boards.ts";
import type { ConnectionRegistry } from "../core/ports/connection-registry.ts";
import type { DocumentSource } from "../core/ports/documents.ts";
import type { Feed } from "../core/ports/feed.ts";
import type { MessageHistory } from "../core/ports/message-history.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { RegionRates } from "../core/ports/region-rates.ts";
import type { RouteSnapshots, RouteSource } from "../core/ports/route-source.ts";
import type { SteeringDesk } from "../core/ports/steering.ts";
import type { StoreDesk } from "../core/ports/store-modes.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Tracer } from "../core/ports/tracer.ts";
import type { WebhookDesk } from "../core/ports/webhooks.ts";
import type { TextMerge } from "../core/text-merge.ts";
import type { Metrics } from "./metrics.ts";

/** Says what happened to whoever runs the region. Never a token, never a text. */
export interface Log {
  info(facts: object, sentence: string): void;
  warn(facts: object, sentence: string): void;
  error(facts: object, sentence: string): void;
}

/** Who types where, to and from the other regions. Losable; the channel is the channel's identity. */
export interface TypingRelay {
  send(channel: string, user: string): void;
  onTyping(listener: (channel: string, user: string) => void): () => void;
}

/** Who is where in a document (awareness), to and from the other regions. Losable; the channel is the channel's identity. */
export interface DocumentRelay {
  /** `awareness` absent: asks the others who is there. */
  send(news: DocumentNews): void;
  onNews(listener: (news: DocumentNews) => void): () => void;
}
export interface DocumentNews {
  readonly channel: string;
  readonly document: string | null;
  readonly awareness?: Uint8Array;
}

/** One dependency of this region, for `/readyz?verbose`. */
export interface ReadyLine {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

/** Public keys of those who sign tokens elsewhere. */
export interface TokenKeys {
  /** Another number once the keys are others: what the former ones vouched for is checked again. */
  readonly edition: () => number;
  /** The key that a token's header names. Throws where there is none; Refusal unavailable where none are known at all. */
  readonly find: JWTVerifyGetKey;
}

export type Auth = {
  readonly issuer?: string;
  readonly audience?: string;
} & (
  | {
      /** HS256 key. */
      readonly secret: string;
    }
  | { readonly keys: TokenKeys }
);

export interface GatewayLimits {
  /** Commands of one user a second, by both doors together; a burst of twice as many. */
  readonly commandsPerSecond: number;
  /** Reads of one user a second over HTTP. */
  readonly readsPerSecond: number;
  readonly connectionsPerUser: number;
  /** Commands of one connection that wait for their answer. */
  readonly commandsInFlight: number;
  /** Frames of one connection a second, of any type; what comes above is refused. */
  readonly framesPerSecond: number;
  readonly helloMs: number;
  /** A connection with more than this waiting, for longer than `slowMs`, is closed (4002). */
  readonly slowBytes: number;
  readonly slowMs: number;
  /** A connection with more than this waiting is closed at once (4002). */
  readonly queueBytes: number;
  /** Bytes handed to one socket before the rest waits here, where all connections share them. */
  readonly socketBytes: number;
  /** Events read at once while a channel catches up. */
  readonly catchUpPage: number;
  /** How long hello's cursor is kept for channels that are not yet subscribed (cursor.ts). */
  readonly holdMs: number;
  /** A connection not heard for two of these is dead. */
  readonly pingMs: number;
  /** Calls in flight are waited for this long when the gateway drains. */
  readonly drainMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  commandsPerSecond: 500,
  readsPerSecond: 2_000,
  connectionsPerUser: LIMITS.connectionsPerUser,
  commandsInFlight: LIMITS.inFlightPerAuthor,
  framesPerSecond: 2_000,
  helloMs: LIMITS.helloMs,
  slowBytes: LIMITS.slowBytes,
  slowMs: LIMITS.slowMs,
  queueBytes: 8 * LIMITS.slowBytes,
  socketBytes: 65_536,
  catchUpPage: 200,
  holdMs: 5_000,
  pingMs: 25_000,
  drainMs: 5_000,
};

export interface GatewayParts {
  readonly region: string;
  /** What tells this mesh from all others, 1 to 26 small letters and digits; the same in all its regions. Absent: cursors name no mesh. */
  readonly mesh?: string;
  readonly version: string;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly acceptor: Acceptor;
  readonly reader: Reader;
  /** How a channel with the policy `merge` merges texts: for previews. */
  readonly texts: TextMerge;
  /** Messages and versions, wherever they are kept. */
  readonly history: MessageHistory;
  /** What operators see of the stores beside the embedded one; absent where there are none to speak of. */
  readonly desk?: StoreDesk;
  readonly feed: Feed;
  readonly tracer: Tracer;
  readonly webhooks: WebhookDesk;
  readonly sync: SyncBoard;
  readonly presence: PresenceBoard;
  readonly ranking: RegionRanking;
  /** Absent: nobody may order regions about here, and no socket is moved. */
  readonly steering?: SteeringDesk;
  readonly verifier: Verifier;
  readonly auth: Auth;
  readonly metrics: Metrics;
  readonly readiness: () => readonly ReadyLine[];
  /** What the routing table is built from; absent: the reader is asked each time. */
  readonly routes?: RouteSource;
  readonly routeSnapshots?: RouteSnapshots;
  /** Where the region's other processes read who is connected here; absent: nobody does. */
  readonly registry?: ConnectionRegistry;
  /** What users ask of the whole region, where it has several gateways; absent: this one counts alone. */
  readonly rates?: RegionRates;
  /** Stores that are out of reach or behind, by name. The region goes on without them (P1). */
  readonly degraded?: () => readonly string[];
  /** Why nobody can be told anything of the region's data yet (its store is being filled again); undefined: everybody can. */
  readonly closed?: () => Refusal | undefined;
  /** Events that stand in quarantine here. */
  readonly quarantined?: () => number;
  readonly timers: Timers;
  /** Milliseconds since 1970 by this region's clock. */
  readonly now: () => number;
  /** A fresh random id. */
  readonly newId: () => string;
  readonly log: Log;
  readonly tell?: TypingRelay;
  /** Documents that people write together; absent: none are kept here. */
  readonly documents?: { readonly source: DocumentSource; readonly relay?: DocumentRelay };
  /** Present: gateway processes of this region may bring sockets and calls here, by the region's key; `only` they may. */
  readonly trunk?: { readonly key: string; readonly only: boolean };
  readonly limits?: Partial<GatewayLimits>;
  /** Origins of web pages that may call; none named = any (a token is needed all the same). */
  readonly allowedOrigins?: readonly string[];
}

export interface Gateway {
  readonly port: number;
  connections(): number;
  /** Says goodbye to every connection, takes no new ones, and waits for calls in flight (H10). */
  drain(why?: "restart" | "drain"): Promise<void>;
  close(): Promise<void>;
}
