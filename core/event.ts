/**
 * Events: what happened, as it stands in a region's log (hard parts H9). An event never carries its own position; it does carry all that
 * cannot be added later: what its author replaced, what its origin had applied, the right it was judged by, the policy in force.
 *
 * `channel` is the channel's identity (26 letters), not its shown id, so that twins made in two cut-off regions name one channel.
 */
import type { Identity } from "./ids.ts";
import type { PointText, Position, VectorText } from "./position.ts";
import type { Stamp } from "./stamp.ts";

/** How a message edited on two sides is decided: the last write stands, or the texts are merged (S3). */
export type Policy = "lww" | "merge";
/** Whether a delete stands for ever, or is a write as any other (S4). */
export type Deletes = "final" | "lww";
/** Of a member in a channel; what each may do is in `permissions.ts`. */
export type Role = "owner" | "moderator" | "member";
/** What JSON can say; metadata and registers' values. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Version of the rule table (S3) that the origin decided by. */
export const RULES = 1;
/** Version of the envelope. A later one is quarantined, never guessed at. */
export const ENVELOPE = 1;

interface Envelope {
  readonly v: typeof ENVELOPE;
  readonly rules: typeof RULES;
  readonly stamp: Stamp;
  readonly actor: string;
  /** The Idempotency-Key as its author gave it. */
  readonly command: string;
  /** HMAC under the channel's content key of the value it writes: equal values are equal here, whatever the kind, also after erasure (32 hex digits). */
  readonly content: string;
  /** HMAC of all that the command says, target and kind included: the same command id with another `said` is refused with 409 (32 hex digits). */
  readonly said: string;
  /** What the origin had applied when it accepted the command. */
  readonly after: VectorText;
  /** Stamp of the membership version the origin judged the actor by; absent where no right is needed (creation, own profile). */
  readonly right?: Stamp;
  /**
   * Where it stood in an ended epoch of its log that not everybody had to its end (L3): it comes again in the present one. Everybody judges it as
   * standing there, so it is one event however a region came by it; it is no part of what the event says, nor of its hash.
   */
  readonly late?: PointText;
  /** The channel's policies in force at the origin. */
  readonly policy: Policy;
  readonly deletes: Deletes;
}

/** Facts the author's reply states beside the change, frozen so that a repeated command gets the same answer (H4, H5). */
export interface MessageAbout {
  readonly author: string;
  /** Stamp of the send. */
  readonly born: Stamp;
  readonly thread: string | null;
  readonly reactions?: { readonly [emoji: string]: readonly string[] };
}

/** The same of a channel; `born` is the stamp of its creation. */
export interface ChannelAbout {
  readonly name: string;
  readonly topic: string | null;
  readonly policy: Policy;
  readonly deletes: Deletes;
  readonly born: Stamp;
}

interface In {
  readonly channel: Identity;
}

/** Its identity follows from author and command; the creator is its owner. */
export interface ChannelCreated extends Envelope, In {
  readonly kind: "channel.created";
  readonly data: {
    readonly name: string;
    readonly topic: string | null;
    readonly policy: Policy;
    readonly deletes: Deletes;
    readonly alias: string | null;
  };
}
/** Fields that are absent stay as they are. */
export interface ChannelChanged extends Envelope, In {
  readonly kind: "channel.changed";
  readonly data: {
    readonly name?: string;
    readonly topic?: string | null;
    readonly policy?: Policy;
    readonly deletes?: Deletes;
    /** Per changed field the versions its author saw. */
    readonly replaces: { readonly [field: string]: readonly Stamp[] };
    readonly about: ChannelAbout;
  };
}
/** Somebody is a member from here on, or has another role. */
export interface MemberSet extends Envelope, In {
  readonly kind: "member.set";
  readonly data: { readonly user: string; readonly role: Role; readonly replaces: readonly Stamp[] };
}
/** Somebody is no member from here on: by others, or of their own will. */
export interface MemberRemoved extends Envelope, In {
  readonly kind: "member.removed";
  readonly data: { readonly user: string; readonly replaces: readonly Stamp[] };
}
/** The birth of a message, whose identity follows from author and command. It replaces nothing. */
export interface MessageSent extends Envelope, In {
  readonly kind: "message.sent";
  readonly data: {
    readonly message: Identity;
    readonly body: string;
    readonly thread: string | null;
    readonly metadata?: Json;
    readonly replaces: readonly Stamp[];
  };
}
/** Another text over the versions it replaces; also how a losing text is brought back. */
export interface MessageEdited extends Envelope, In {
  readonly kind: "message.edited";
  readonly data: {
    readonly message: Identity;
    readonly body: string;
    readonly metadata?: Json;
    /** Policy merge: how the body changes the text its author saw, a Yjs update in base 64 (D7). */
    readonly update?: string;
    /** Which of the replaced versions were in the text that its author saw, where one of them had won over the others; absent: all. */
    readonly onto?: readonly Stamp[];
    readonly replaces: readonly Stamp[];
    /** A restore: the losing version whose text comes back, and the conflict it lost in. */
    readonly restores?: { readonly conflict: string; readonly version: Stamp };
    readonly about: MessageAbout;
  };
}
/** A version without a text. Whether a later one can bring it back is the channel's to say (S4). */
export interface MessageDeleted extends Envelope, In {
  readonly kind: "message.deleted";
  readonly data: { readonly message: Identity; readonly replaces: readonly Stamp[]; readonly about: MessageAbout };
}
/** One register a message, emoji and person: the last word holds (S3). */
export interface ReactionSet extends Envelope, In {
  readonly kind: "reaction.set" | "reaction.cleared";
  readonly data: { readonly message: Identity; readonly emoji: string; readonly born: Stamp; readonly replaces: readonly Stamp[] };
}
/** How far somebody has read in a channel. Only they are told. */
export interface ReadMarked extends Envelope, In {
  readonly kind: "read.marked";
  /** `upTo`: what the region had applied then; unread is what lies beyond (H15). */
  readonly data: { readonly message: Identity; readonly born: Stamp; readonly upTo: VectorText; readonly replaces: readonly Stamp[] };
}
/** Somebody has changed a document that people write together: a Yjs update, which joins with all others whatever the order (S3). */
export interface DocumentUpdated extends Envelope, In {
  readonly kind: "document.updated";
  readonly data: {
    /** null: the channel's own notes. */
    readonly document: string | null;
    /** This one change among the document's: the hash of its author and command. */
    readonly change: Identity;
    /** Yjs update (v1), base64. */
    readonly update: string;
  };
}
/** Who lost has seen it: `of` names those of their losing versions that they had not seen before (S6). */
export interface ConflictSeen extends Envelope, In {
  readonly kind: "conflict.seen";
  readonly data: { readonly conflict: string; readonly register: string; readonly of: readonly Stamp[] };
}
/** A person's own name and picture, the same in all channels; null takes one away. */
export interface ProfileChanged extends Envelope {
  readonly kind: "profile.changed";
  readonly channel: null;
  readonly data: {
    readonly displayName?: string | null;
    readonly avatar?: string | null;
    readonly replaces: { readonly [field: string]: readonly Stamp[] };
  };
}
/** A webhook as it stands from here on; its secret follows from its identity and generation, and is in no event. */
export interface WebhookSet extends Envelope, In {
  readonly kind: "webhook.set";
  readonly data: {
    readonly webhook: Identity;
    readonly url: string;
    /** Kinds of events it is told; null: all that members are told. */
    readonly events: readonly string[] | null;
    readonly enabled: boolean;
    /** Its secret is another with every one. */
    readonly generation: number;
    readonly name: string | null;
    /** Stamp of its creation; absent in that. */
    readonly born?: Stamp;
    /** The command asked for another secret. */
    readonly rotated?: true;
    readonly replaces: readonly Stamp[];
  };
}
/** Nothing is brought to it any more, nor what waits. */
export interface WebhookRemoved extends Envelope, In {
  readonly kind: "webhook.removed";
  readonly data: { readonly webhook: Identity; readonly born: Stamp; readonly replaces: readonly Stamp[] };
}
/**
 * A region delivers no more to a webhook as it stands in the version `of`, and so no region does: a change of the webhook is another version,
 * and resumes. A region may say so without any right, as it can stop a webhook by this and never send one elsewhere (A4).
 */
export interface WebhookHalted extends Envelope, In {
  readonly kind: "webhook.halted";
  readonly data: {
    readonly webhook: Identity;
    readonly born: Stamp;
    readonly of: Stamp;
    /** Too many deliveries failed in a row, or the receiver answered that it is gone (410). */
    readonly reason: "failures" | "gone";
    /** Who made that version, and is told. */
    readonly user: string;
    readonly replaces: readonly Stamp[];
  };
}
/** A stretch of a region's stamps that lay beyond the bound when it reached the witness (T2, H8). In the witness's log, not in the digest. */
export interface ClockWitnessed extends Envelope {
  readonly kind: "clock.witnessed";
  readonly channel: null;
  readonly data: {
    readonly origin: string;
    readonly epoch: number;
    readonly from: Stamp;
    readonly to: Stamp;
    readonly offsetMs: number;
    readonly of: number;
  };
}
/** The first event of an epoch after the first: which epoch ended, and the last sequence of it that the region knew (H1, L3). */
export interface EpochOpened extends Envelope {
  readonly kind: "epoch.opened";
  readonly channel: null;
  readonly data: { readonly previous: { readonly epoch: number; readonly sequence: number } };
}

/** All that can stand in a log. A kind that is not here is quarantined, never guessed at (A4). */
export type Event =
  | ChannelCreated
  | ChannelChanged
  | MemberSet
  | MemberRemoved
  | MessageSent
  | MessageEdited
  | MessageDeleted
  | ReactionSet
  | ReadMarked
  | DocumentUpdated
  | ConflictSeen
  | ProfileChanged
  | WebhookSet
  | WebhookRemoved
  | WebhookHalted
  | ClockWitnessed
  | EpochOpened;
export type EventKind = Event["kind"];

/** An event where it stands in its origin's log. */
export interface Placed {
  readonly position: Position;
  readonly event: Event;
}
