/**
 * The directory in a store of its own (MongoDB): users, channels, their members, aliases and webhooks, as they stand.
 *
 * It is a projection of the embedded store, which commands decide against: it may be away for hours, and several regions may write the same
 * documents. Every write says how new it is (`Word`): of two words about one document the newer stays, whatever the order they come in, and
 * writing one twice changes nothing (L2 by idempotence).
 */
import type { Deletes, Policy, Role } from "../event.ts";
import type { Identity } from "../ids.ts";
import type { Time } from "../objects.ts";
import type { Stamp } from "../stamp.ts";
import type { Held, HeldNow, Word } from "./history-store.ts";

/** A person as the profile says; null where it says nothing. */
export interface StoredUser {
  readonly user: string;
  readonly displayName: string | null;
  readonly avatar: string | null;
}
/** A channel as it stands. */
export interface StoredChannel {
  readonly channel: Identity;
  /** The id that people see. */
  readonly id: string;
  readonly name: string;
  readonly topic: string | null;
  readonly policy: Policy;
  readonly deletes: Deletes;
  readonly createdAt: Time;
  readonly version: Stamp;
}
/** Who is what in a channel. */
export interface StoredMembership {
  readonly channel: Identity;
  readonly user: string;
  /** null: no member any more. The document stays, so that an older word cannot bring the membership back. */
  readonly role: Role | null;
}
/** A name that people chose for a channel. */
export interface StoredAlias {
  readonly alias: string;
  readonly channel: Identity;
}
/** A webhook as it stands. */
export interface StoredWebhook {
  readonly webhook: Identity;
  readonly channel: Identity;
  /** null: removed. The document stays, so that an older word cannot bring it back. */
  readonly url: string | null;
  readonly name: string | null;
  /** null: all that members are told. */
  readonly events: readonly string[] | null;
  readonly enabled: boolean;
  /** Why no region delivers to it as it stands. */
  readonly halted: string | null;
  /** Of its secret, which is kept nowhere. */
  readonly generation: number;
}
/** What is said of a document, and how new that is. */
export type Worded<T> = T & { readonly word: Word };

/** What one page of changes says of the directory, in any order. */
export interface DirectoryBatch {
  readonly users: readonly Worded<StoredUser>[];
  /** Users who are to be known, whether they have a profile or not. */
  readonly people: readonly string[];
  readonly channels: readonly Worded<StoredChannel>[];
  readonly memberships: readonly Worded<StoredMembership>[];
  readonly aliases: readonly Worded<StoredAlias>[];
  readonly webhooks: readonly Worded<StoredWebhook>[];
}

/** A membership that is in force. */
export interface InForce {
  readonly channel: Identity;
  readonly user: string;
  readonly role: Role;
}

/** What is said of a membership there, and how new that is (`wordText`; empty where nobody says). */
export interface SaidMembership extends StoredMembership {
  readonly word: string;
}

/** Every call rejects while the store is out of reach. `shard`: whose changes, of one region and one share of its channels. */
export interface DirectoryStore {
  /** Resolves when all of it is durable there (by a majority of its servers). Rejects when the store is out of reach, or will not; then any part of it may be there. */
  write(batch: DirectoryBatch): Promise<void>;
  held(shard: string): Promise<HeldNow>;
  /** Written after all that it covers. */
  hold(shard: string, held: Held): Promise<void>;
  user(user: string): Promise<StoredUser | undefined>;
  channel(channel: Identity): Promise<StoredChannel | undefined>;
  channelBehind(alias: string): Promise<Identity | undefined>;
  /** Those that are not removed, in order of their identities. */
  webhooksOf(channel: Identity): Promise<readonly StoredWebhook[]>;
  /** In order of channels. */
  channelsOf(user: string): Promise<readonly InForce[]>;
  /** A channel's members in order of their names, after the one named. */
  membersOf(channel: Identity, ask: { readonly after?: string; readonly limit: number }): Promise<readonly InForce[]>;
  /** Every membership in force, in pages, in order of users: what a routing table is built from. */
  memberships(): AsyncIterable<readonly Pick<InForce, "user" | "channel">[]>;
  /** What is said of memberships, those that have ended too, in order of channels and their users, after the place named ("<channel>|<user>"). */
  membershipsSaid(after: string, limit: number): Promise<readonly SaidMembership[]>;
  /** Takes away what nobody said, as long as nothing else is said of it. */
  forget(memberships: readonly SaidMembership[]): Promise<void>;
  close(): Promise<void>;
}
