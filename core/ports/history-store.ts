/**
 * Message history in a store of its own (Cassandra): every version ever accepted, messages as they stand, the conflict log and the audit log.
 *
 * It is a projection of the embedded store, which commands decide against: it may be away for hours, and several regions may write the same
 * rows. So every write says how new it is (`Word`), and of two words about one row the newer stays, whatever the order they come in; writing
 * one twice changes nothing (L2 by idempotence).
 */
import type { Identity } from "../ids.ts";
import type { AuditEntry, Message } from "../objects.ts";
import type { Vector } from "../position.ts";
import type { ConflictRecord, Entry, RegisterKey } from "../register.ts";
import type { Stamp } from "../stamp.ts";

/**
 * How new what is said of a row is. Within one region words only grow, as the events it stands on only become more; two regions that have the
 * same events say the same. So the greatest word of all is somebody's last, and everybody's last is the same.
 */
export interface Word {
  /** Greatest stamp of the events that it stands on. */
  readonly newest: Stamp;
  /** How many they are. */
  readonly events: number;
  /** Changes that its region had applied: a verdict judged again is newer than before, with the same events. */
  readonly revision: number;
}
/** Text whose order is the order of words. A blank sorts below whatever a region's name may hold, so a stamp that begins another comes before it. */
export const wordText = ({ newest, events, revision }: Word): string =>
  `${newest} ${String(events).padStart(9, "0")} ${String(revision).padStart(14, "0")}`;

/** A message without what follows from its place: id, channel, time and region of birth. */
export type ShownMessage = Omit<Message, "id" | "channel" | "createdAt" | "origin">;

/** A message as it stands, at its place. */
export interface StoredMessage {
  readonly channel: Identity;
  readonly message: Identity;
  /** Stamp of the send that made it: its place in the channel. */
  readonly born: Stamp;
  readonly shown: ShownMessage;
  /** Stamps of versions that nobody is shown: without right, or whose right is not here yet (D6). */
  readonly hidden: readonly Stamp[];
}
/** What is said of a message, and how new that is. */
export interface MessageWrite extends StoredMessage {
  readonly word: Word;
  /** Stamps of later twins of its send: a row may stand under them since before the first one came. */
  readonly formerly: readonly Stamp[];
}
/** A message that nobody is shown any more, as its send turned out to be without right: no row of it stays. */
export interface UnshownWrite extends Omit<MessageWrite, "shown"> {
  readonly shown: null;
}
/** A version that was accepted; it is said once and never changes. */
export interface VersionWrite {
  readonly channel: Identity;
  readonly message: Identity;
  readonly entry: Entry;
}
/** A conflict as it stands. */
export interface StoredConflict {
  readonly channel: Identity;
  readonly id: string;
  readonly register: RegisterKey;
  readonly record: ConflictRecord;
}
/** `record` null: the id leads to another record of the register (alias rule, D2). */
export interface ConflictWrite extends Omit<StoredConflict, "record"> {
  readonly record: ConflictRecord | null;
  readonly word: Word;
}
/** What one page of changes says of the history, in any order. */
export interface HistoryBatch {
  readonly versions: readonly VersionWrite[];
  readonly messages: readonly (MessageWrite | UnshownWrite)[];
  readonly conflicts: readonly ConflictWrite[];
  /** Of this region's audit log. */
  readonly audit: readonly AuditEntry[];
}

/** What a projection has brought into a store, as the store itself has it. */
export interface Held {
  /** Whose numbers these are: one life of one embedded store. */
  readonly series: string;
  /** The last change it holds, with all before it. */
  readonly change: number;
  /** The last change that it had held for longer than a crash of it can take back. */
  readonly settled: number;
  /** Of the store's servers, when this was written. */
  readonly life: string;
  /** Per origin the position that all of this covers. */
  readonly applied: Vector;
}
/** What the store says it holds, asked now; `held` undefined where nothing was brought yet. */
export interface HeldNow {
  readonly held: Held | undefined;
  /** Differs once a server of the store has started anew: what it had acknowledged last may be gone. */
  readonly life: string;
}

/** "<born>|<message>": a message's place in its channel. A stamp alone, or its first part, is a time. */
export type Place = string;
/** The place of a message born with this stamp. */
export const placeOf = ({ born, message }: { readonly born: Stamp; readonly message: Identity }): Place => `${born}|${message}`;

/** A stretch of a channel's messages. */
export interface HistoryRange {
  readonly limit: number;
  /** Both exclusive. */
  readonly before?: Place;
  readonly after?: Place;
}

/** Every call rejects while the store is out of reach. `shard`: whose changes, of one region and one share of its channels. */
export interface HistoryStore {
  /** Resolves when all of it is durable there. Rejects when the store is out of reach, or will not; then any part of it may be there. */
  write(batch: HistoryBatch): Promise<void>;
  held(shard: string): Promise<HeldNow>;
  /** Written after all that it covers. */
  hold(shard: string, held: Held): Promise<void>;
  /** A channel's messages, newest first; fewer than `limit` only at the end of the range. */
  page(channel: Identity, range: HistoryRange): Promise<readonly StoredMessage[]>;
  /** Every version of a message, in order of stamps; hidden ones too. */
  versions(channel: Identity, message: Identity): Promise<readonly Entry[]>;
  /** One message at its place. */
  message(channel: Identity, place: Place): Promise<StoredMessage | undefined>;
  /** A channel's conflicts in order of their ids, after the one named. */
  conflicts(channel: Identity, ask: { readonly after?: string; readonly limit: number }): Promise<readonly StoredConflict[]>;
  /** A region's audit entries in order, after the sequence named. */
  audit(region: string, ask: { readonly after: number; readonly limit: number }): Promise<readonly AuditEntry[]>;
  close(): Promise<void>;
}
