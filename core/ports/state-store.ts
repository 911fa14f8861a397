/**
 * What a replica keeps on disk: ordered tables with one atomic commit. The reconciler is the one road into it (L2): positions are committed
 * together with the state they produced, so a crash anywhere replays and changes nothing.
 *
 * Reads are synchronous: the embedded store is memory-mapped, and commands decide in one tick (H4).
 */
import type { Witness } from "../distrust.ts";
import type { Placed } from "../event.ts";
import type { Attempt } from "../objects.ts";
import type { Point, VectorText } from "../position.ts";
import type { Register, RegisterKey } from "../register.ts";
import type { Stamp } from "../stamp.ts";

/** Table -> what its rows hold. Keys are plain ASCII text; their order is the order of code units. */
export interface Tables {
  /** register key -> register. */
  readonly registers: Register;
  /** "<channel>|<birth stamp>|<identity>" -> identity: a channel's messages by time. */
  readonly timeline: string;
  /** "<user>|<channel>": the channels a user is a member of now. */
  readonly memberships: Stamp;
  /** "<channel>|<origin>|<point key>" -> the event: what catch-up reads (H2). Also under "@<user>" for what concerns one user. */
  readonly events: Placed;
  /** command key -> where what the command did is found, for repeats (H5). */
  readonly commands: CommandMark;
  /** conflict id -> register key it belongs to. Ids of joined groups stay and lead to the group (alias rule). */
  readonly conflicts: { readonly key: string };
  /** "<channel>|<conflict id>". */
  readonly channelConflicts: true;
  /** "<user>|<conflict id>": authors who lost and have not seen it. */
  readonly losers: true;
  /** register keys with more than one head or any record: what a late witness may flip. */
  readonly contested: true;
  /** "<channel>|<bucket>" -> sum of SHA-256 over registers' bytes (D9). */
  readonly digests: string;
  /** origin -> last position applied. */
  readonly positions: Point;
  /**
   * "<membership register>||<register key>": a register with an entry of that member whose standing what is still to come may move: it is
   * pending, or its author's region had applied what is not here yet (`until`).
   */
  readonly awaiting: { readonly pending: boolean; readonly until: VectorText };
  /** "<origin>|<point key>" -> an event that could not be taken, as it came, and why (H14). */
  readonly quarantine: { readonly reason: string; readonly raw: string };
  /** zero-padded local sequence -> audit fact of this region. */
  readonly audit: { readonly [field: string]: unknown };
  /** "<audit sequence>|<register key>" -> register key: judged again by the change of that number, though it wrote elsewhere. */
  readonly rejudged: RegisterKey;
  /** "<origin>|<witness stamp>" -> a witnessed stretch (T2). */
  readonly witnesses: Witness;
  /** "<channel>|<document>" -> its checkpoints, oldest first. They follow from the document's changes, and may be thrown away. */
  readonly documents: readonly Checkpoint[];
  /** "<channel>|<document>|<stamp>" -> what stands up to a checkpoint as one Yjs update, in base64. */
  readonly documentStates: string;
  /** "<channel>|<document>|<stamp> <change>": a change that stands above the oldest of a document's checkpoints. */
  readonly documentTails: true;
  /** "<channel>|<webhook>": the webhooks a channel has now. */
  readonly webhooks: true;
  /** "<webhook>|<number of the change>": an event that this region accepted and has yet to bring to a webhook. */
  readonly hookQueue: HookWaiting;
  /** "<webhook>" -> how its deliveries by this region go. */
  readonly hooks: HookHealth;
  /** Single facts of this region: counters, clock, boot. */
  readonly facts: unknown;
}
/** The name of a table. */
export type TableName = keyof Tables;

/** What is remembered of a command that has had its effect. */
export interface CommandMark {
  /** `said` of the event: another command under the same id is refused with 409. */
  readonly said: string;
  /** Stamp of the smallest twin, whose event answers. */
  readonly stamp: Stamp;
  /** Its key in the table `events`. */
  readonly row: string;
}

/** All changes of a document that stand with this stamp or a smaller one, as one. */
export interface Checkpoint {
  readonly stamp: Stamp;
  /** Of its state. */
  readonly bytes: number;
}

/** An event on its way to a webhook. */
export interface HookWaiting {
  /** The `webhook-id` it goes under. */
  readonly id: string;
  readonly channel: string;
  readonly kind: string;
  /** Its key in the table `events`. */
  readonly row: string;
  /** When it was queued, when it is due and when it was tried last, ms since 1970. */
  readonly madeMs: number;
  readonly dueMs: number;
  readonly triedMs: number;
  /** Tries that have failed. */
  readonly tries: number;
}
/** How deliveries to a webhook go; times in ms since 1970. */
export interface HookHealth {
  /** Tries that failed since the last that did not. */
  readonly failures: number;
  readonly pausedUntilMs: number;
  /** When its receiver answered again after it had been out of reach: whatever was tried before is due. */
  readonly recoveredMs: number;
  /** Newest first. */
  readonly last: readonly Attempt[];
}

/** A stretch of a table. */
export interface KeyRange {
  /** Inclusive lower bound. */
  readonly from: string;
  /** Exclusive upper bound. */
  readonly to: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}
/** All keys that begin with `prefix`. */
export const keysUnder = (prefix: string): KeyRange => ({ from: prefix, to: `${prefix}\u{7f}` });

/** The tables as they are now. */
export interface TableReader {
  get<T extends TableName>(table: T, key: string): Tables[T] | undefined;
  /** Rows in key order (or reverse). The iterable is read at once, before anything is written. */
  range<T extends TableName>(table: T, range: KeyRange): Iterable<readonly [key: string, value: Tables[T]]>;
}

/** One row to put (or remove, when `value` is undefined). */
export type TableWrite = {
  [T in TableName]: { readonly table: T; readonly key: string; readonly value: Tables[T] | undefined };
}[TableName];

/** The tables as they were at one moment. Must be closed within 10 s (H13). */
export interface TableSnapshot extends TableReader {
  close(): void;
}

/** The embedded store of one region. One process writes it. */
export interface StateStore extends TableReader {
  /** All rows or none; resolves when they survive a crash of the process. Commits are applied in the order asked. Rejects when the disk refuses; nothing has changed then. */
  commit(writes: readonly TableWrite[]): Promise<void>;
  snapshot(): TableSnapshot;
  close(): Promise<void>;
}
