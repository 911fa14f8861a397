/** The objects of the public contract §5, as they go over the wire. */
import type { Deletes, Json, Policy, Role } from "./event.ts";
import type { Stamp } from "./stamp.ts";

/** RFC 3339 UTC with milliseconds. */
export type Time = string;

/** A message as it stands: body null where it is deleted, `heads` the versions that nobody has replaced (S1), `origin` the region it was born in. */
export interface Message {
  readonly id: string;
  readonly channel: string;
  readonly author: string;
  readonly body: string | null;
  readonly thread: string | null;
  readonly metadata?: Json;
  readonly createdAt: Time;
  readonly editedAt: Time | null;
  readonly deleted: boolean;
  readonly origin: string;
  readonly version: Stamp;
  readonly heads: readonly Stamp[];
  readonly reactions: { readonly [emoji: string]: readonly string[] };
  readonly conflict: { readonly id: string; readonly state: ConflictState } | null;
}
/** `seen`: all its losers have seen it. `restored`: a losing text was brought back as a new edit (S6). */
export type ConflictState = "open" | "seen" | "restored";

/** A channel as it stands; `version` is the newest that one of its fields shows. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly topic: string | null;
  readonly policy: Policy;
  readonly deletes: Deletes;
  readonly createdAt: Time;
  readonly version: Stamp;
}
/** A channel as one of its members finds it in their list: what they have not read, and how often that names them (H15). */
export interface ListedChannel extends Channel {
  readonly unread: number;
  readonly mentions: number;
  readonly lastMessage: Message | null;
}
export interface Member {
  readonly user: string;
  readonly role: Role;
}
/** A webhook of a channel as it stands, the same in every region. */
export interface Webhook {
  readonly id: string;
  readonly channel: string;
  readonly name: string | null;
  readonly url: string;
  /** Kinds of events; null: all that members are told. */
  readonly events: readonly string[] | null;
  readonly enabled: boolean;
  /** Why no region delivers to it as it stands; any change of it resumes. */
  readonly halted: { readonly reason: "failures" | "gone"; readonly region: string; readonly at: Time } | null;
  readonly createdAt: Time;
  readonly version: Stamp;
  /** `whsec_…`: for who made it or rotates it, in that answer, and for owners of the channel. */
  readonly secret?: string;
}
/** One try to bring one event to a webhook, by the region that is asked. */
export interface Attempt {
  /** The `webhook-id` it was sent under. */
  readonly id: string;
  readonly kind: string;
  readonly at: Time;
  /** From 1. */
  readonly attempt: number;
  /** What the receiver answered; null where it did not. */
  readonly status: number | null;
  readonly outcome: "delivered" | "failed" | "given-up";
  /** Why there was no answer. */
  readonly why?: string;
  readonly tookMs: number;
}
/** An event as clients see it. `channel` and ids inside `data` are shown ids. */
export interface WireEvent {
  readonly position: string;
  readonly stamp: Stamp;
  readonly kind: string;
  readonly channel: string | null;
  readonly actor: string;
  readonly command: string;
  readonly at: Time;
  readonly data: { readonly [field: string]: unknown };
}
/** One version of a register: what somebody wrote, over which versions (S1). `withheld`: its text is not for who asks (S4); `distrusted`: its clock was wrong (T2). */
export interface Version {
  readonly stamp: Stamp;
  readonly kind: "sent" | "edited" | "deleted" | "restored" | "set";
  readonly author: string;
  readonly origin: string;
  /** The text of a body; the plain value of any other register. */
  readonly value: Json;
  readonly withheld?: true;
  readonly replaces: readonly Stamp[];
  readonly at: Time;
  readonly command: string;
  readonly distrusted?: true;
}
/** Versions of one register of which none had seen the other, what was decided, and by which rule (S2, S3). */
export interface Conflict {
  readonly id: string;
  readonly register: { readonly kind: string; readonly channel: string; readonly message?: string; readonly field?: string };
  readonly rule: string;
  readonly reason: string;
  readonly versions: readonly Version[];
  readonly winner: Stamp;
  readonly losers: readonly Stamp[];
  /** Rule `merge`: the text that the message shows, while it is made of these versions. */
  readonly text?: string;
  readonly state: ConflictState;
  readonly restoredBy?: Stamp;
}
/** `unknown`: nothing is heard of the region that last said otherwise (P4). */
export type PresenceStatus = "online" | "away" | "offline" | "unknown";
/** Who is there, over all regions; `since` when, and which regions say so. */
export interface Presence {
  readonly user: string;
  readonly status: PresenceStatus;
  readonly since: Time;
  readonly regions: readonly string[];
}
/** Of a link, or of the worst of a region's links (P2). */
export type LinkState = "live" | "lagging" | "cut-off" | "healing";
/** How a region stands to one peer: what of the peer's log is not here yet, and up to when it is complete. `done` and `total` events while it heals. */
export interface PeerSync {
  readonly region: string;
  readonly state: LinkState;
  readonly since: Time;
  readonly lagEvents: number;
  readonly lagMs: number;
  readonly completeTo: Time | null;
  readonly done?: number;
  readonly total?: number;
}
/** How a region stands to all others; `converged`: when all were last found equal, and at which digest. */
export interface Sync {
  readonly region: string;
  readonly state: LinkState;
  readonly at: Time;
  readonly peers: readonly PeerSync[];
  readonly converged: { readonly at: Time; readonly digest: string } | null;
}
/** Per origin how far this region is complete; and up to when this region's own events are in every region. */
export interface Watermark {
  readonly channel: string;
  readonly complete: { readonly [origin: string]: Time | null };
  readonly replicatedTo: Time | null;
}
/** A region in the order in which a client should try them, and why it stands there. */
export interface RankedRegion {
  readonly name: string;
  readonly url: string;
  readonly state: string;
  readonly why: string;
  /** Of its own clients, the share that is sent to it: below 1 while it comes back, 0 while it is not offered. */
  readonly share?: number;
}
/** Events of one origin that cannot be given any more: after the position `from`, up to `to` (L4). */
export interface Gap {
  readonly channel: string;
  readonly origin: string;
  readonly from: string;
  readonly to: string;
}
/** One line of a region's audit log; `seq` from 1 without holes (A1). */
export interface AuditEntry {
  readonly seq: number;
  readonly region: string;
  readonly at: Time;
  readonly kind: "version" | "verdict" | "restore" | "quarantine" | "operator" | "anchor";
  /** SHA-256 over `prev` and all but what is local or looked up (core/audit-chain.ts). */
  readonly hash: string;
  /** The hash of the entry before. */
  readonly prev: string;
  readonly [field: string]: unknown;
}
