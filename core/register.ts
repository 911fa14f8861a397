/**
 * Registers: the small pieces that state is made of (law S1, semantics D1). Everything here is a function of the set of events.
 *
 * A register's key is text: "<channel>|<kind>|<ids…>". Users, emoji and aliases that people choose never contain "|" (door rules), so a key
 * reads back. Profiles and aliases belong to no channel and stand under "@".
 */
import type { Deletes, Json, Policy } from "./event.ts";
import type { HashSum } from "./hash.ts";
import type { Position, VectorText } from "./position.ts";
import type { Stamp } from "./stamp.ts";

/** What a register holds; which rule decides in it follows from this (S3, D7). */
export type RegisterKind =
  | "body"
  | "name"
  | "topic"
  | "policy"
  | "deletes"
  | "member"
  | "reaction"
  | "read"
  | "document"
  | "alias"
  | "profile"
  | "webhook"
  | "halt";
/** Channel, kind and ids with bars between, as `registerKey` makes it and `readKey` reads it. Its order is the order in which registers are stored. */
export type RegisterKey = string;

/** The channel of what belongs to none: aliases and profiles. */
export const EVERYWHERE = "@";

/** Makes keys. Ids hold no bar, so `readKey` takes apart what stands here. */
export const registerKey = {
  body: (channel: string, message: string): RegisterKey => `${channel}|body|${message}`,
  field: (channel: string, field: "name" | "topic" | "policy" | "deletes"): RegisterKey => `${channel}|${field}`,
  member: (channel: string, user: string): RegisterKey => `${channel}|member|${user}`,
  /** The emoji is written in hex of its UTF-8, so that keys stay plain ASCII. */
  reaction: (channel: string, message: string, emoji: string, user: string): RegisterKey =>
    `${channel}|reaction|${message}|${hex(emoji)}|${user}`,
  read: (channel: string, user: string): RegisterKey => `${channel}|read|${user}`,
  /** One change of a document is a register of its own, as its text is the union of all: nothing in it can be in conflict. */
  change: (channel: string, document: string | null, change: string): RegisterKey => `${channel}|document|${document ?? ""}|${change}`,
  webhook: (channel: string, webhook: string): RegisterKey => `${channel}|webhook|${webhook}`,
  /** A region's word that it delivers no more to a webhook as it stands. */
  halt: (channel: string, webhook: string): RegisterKey => `${channel}|halt|${webhook}`,
  alias: (alias: string): RegisterKey => `${EVERYWHERE}|alias|${alias}`,
  profile: (user: string, field: "displayName" | "avatar"): RegisterKey => `${EVERYWHERE}|profile|${user}|${field}`,
};

const hex = (text: string): string => Buffer.from(text, "utf8").toString("hex");
/** The emoji of a reaction from its key, where it is written in hex. */
export const emojiOf = (hexText: string): string => Buffer.from(hexText, "hex").toString("utf8");

/** A key taken apart. */
export interface RegisterName {
  readonly channel: string;
  readonly kind: RegisterKind;
  readonly ids: readonly string[];
}
/** Takes apart what `registerKey` made; the last one is remembered, as a key is read several times in a row. */
export function readKey(key: RegisterKey): RegisterName {
  if (key === lastKey) return lastName;
  const [channel = "", kind = "", ...ids] = key.split("|");
  lastKey = key;
  return (lastName = { channel, kind: kind as RegisterKind, ids });
}
/** All that follows from one event asks for the name of the same register, one after the other. */
let lastKey: RegisterKey = "";
let lastName: RegisterName = { channel: "", kind: "" as RegisterKind, ids: [""] };

/** What one event wrote into one register: one version's worth. Events of equal (author, command, content) are twins of one version (D5). */
export interface Entry {
  readonly stamp: Stamp;
  readonly kind: "sent" | "edited" | "deleted" | "restored" | "set";
  readonly author: string;
  readonly command: string;
  /** Comparable content of this register's value; equal values are equal here, also after erasure. */
  readonly content: string;
  /** null in a body = deleted; null in a membership = no member. */
  readonly value: Json;
  readonly replaces: readonly Stamp[];
  readonly policy: Policy;
  readonly deletes: Deletes;
  /** Absent: no rights are judged. */
  readonly right?: Stamp;
  readonly after: VectorText;
  readonly position: Position;
  /** Yjs update against what the author saw, made once at the origin (policy merge); of edits and restores. */
  readonly update?: string;
  /** Those of the versions it replaces whose text the update changes; absent: all. */
  readonly onto?: readonly Stamp[];
  /** restored: the stamp whose content it brings back. */
  readonly of?: Stamp;
  /** SHA-256 of the canonical event without its position (D9). */
  readonly hash: string;
}

/** Somebody has seen that a version of theirs lost (D2 state). Kept beside the entries: it moves a record's state, and is no part of the digest. */
export interface Seen {
  readonly stamp: Stamp;
  readonly author: string;
  readonly of: readonly Stamp[];
  readonly hash: string;
}

/** One group of versions that did not all know each other (D2). All but `state` is a function of the events alone. */
export interface ConflictRecord {
  readonly id: string;
  readonly base: string;
  /** Stamps of all members, ascending. */
  readonly versions: readonly Stamp[];
  readonly winner: Stamp;
  readonly losers: readonly Stamp[];
  readonly rule: "lww" | "delete-final" | "merge" | "first";
  readonly reason: "stamp" | "distrusted";
  readonly state: "open" | "seen" | "restored";
  /** Stamp of the restoring version. */
  readonly restoredBy?: Stamp;
}

/** What the entries of one register say together. A version is named by the smallest stamp of its twins. */
export interface Resolution {
  readonly value: Json;
  readonly winner: Stamp | null;
  /** Ascending. */
  readonly heads: readonly Stamp[];
  /** Ordered by their smallest member. */
  readonly records: readonly ConflictRecord[];
  readonly incomplete: readonly Stamp[];
  readonly pending: readonly Stamp[];
  readonly void: readonly Stamp[];
}

/** A register as a replica keeps it. `resolution` is derived from the rest. */
export interface Register {
  readonly key: RegisterKey;
  readonly entries: readonly Entry[];
  readonly seen: readonly Seen[];
  /** Events of the register, and the sum of their hashes: an accumulator over ALL of them, void and pending too (D9). */
  readonly count: number;
  readonly sum: HashSum;
  readonly resolution: Resolution;
}

/** What is resolved: a register without what is derived from it. */
export type Resolving = Pick<Register, "key" | "entries" | "seen">;

/** One event's write into one register. */
export type Write = { readonly key: RegisterKey; readonly entry: Entry } | { readonly key: RegisterKey; readonly seen: Seen };
