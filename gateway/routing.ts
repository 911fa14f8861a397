/**
 * Which connections an event concerns: by channel followed, by user, and which connected users are members of a channel. Entering and leaving
 * cost what the one connection follows, never what the region holds.
 */
import type { Reader } from "../core/ports/reader.ts";
import type { Recipient } from "./recipient.ts";

interface Present {
  readonly connections: Set<Recipient>;
  /** Channels the user is a member of. */
  readonly channels: Set<string>;
}

export class Routing {
  readonly #byUser = new Map<string, Present>();
  readonly #followers = new Map<string, Set<Recipient>>();
  readonly #membersHere = new Map<string, Set<string>>();
  #entries = 0;

  /** Entries of the table: who follows what, and whose membership matters here. */
  get entries(): number {
    return this.#entries;
  }

  /** A connection has said who it is; `channels` are its user's memberships now. */
  enter(connection: Recipient, channels: readonly string[]): void {
    const present = this.#byUser.get(connection.user);
    if (present !== undefined) {
      present.connections.add(connection);
      return;
    }
    this.#byUser.set(connection.user, { connections: new Set([connection]), channels: new Set() });
    for (const channel of channels) this.membership(connection.user, channel, true);
  }

  leave(connection: Recipient, followed: readonly string[]): void {
    for (const channel of followed) this.unfollow(connection, channel);
    const present = this.#byUser.get(connection.user);
    if (present?.connections.delete(connection) !== true || present.connections.size > 0) return;
    for (const channel of [...present.channels]) this.membership(connection.user, channel, false);
    this.#byUser.delete(connection.user);
  }

  follow(connection: Recipient, channel: string): void {
    this.#add(this.#followers, channel, connection);
  }

  unfollow(connection: Recipient, channel: string): void {
    this.#remove(this.#followers, channel, connection);
  }

  /** A user has become a member, or is one no longer. */
  membership(user: string, channel: string, isMember: boolean): void {
    const present = this.#byUser.get(user);
    if (present === undefined) return;
    if (isMember) {
      present.channels.add(channel);
      this.#add(this.#membersHere, channel, user);
    } else {
      present.channels.delete(channel);
      this.#remove(this.#membersHere, channel, user);
    }
  }

  connections(): readonly Recipient[] {
    return [...this.#byUser.values()].flatMap((present) => [...present.connections]);
  }

  ofUser(user: string): ReadonlySet<Recipient> {
    return this.#byUser.get(user)?.connections ?? NOBODY;
  }

  followers(channel: string): ReadonlySet<Recipient> {
    return this.#followers.get(channel) ?? NOBODY;
  }

  /** Channels that somebody follows. */
  followed(): Iterable<string> {
    return this.#followers.keys();
  }

  /** Users with a connection here who are members of the channel. */
  membersHere(channel: string): ReadonlySet<string> {
    return this.#membersHere.get(channel) ?? NO_ONE;
  }

  /** Follows and memberships of one connection as they should be; returns how many were not. */
  mend(connection: Recipient, reader: Pick<Reader, "isMember">): number {
    let wrong = 0;
    for (const channel of connection.standing.channels()) {
      if (!reader.isMember(connection.user, channel)) {
        this.membership(connection.user, channel, false);
        connection.unfollow(channel);
      } else if (!this.followers(channel).has(connection)) connection.refollow(channel);
      else continue;
      wrong += 1;
    }
    return wrong;
  }

  #add<T>(table: Map<string, Set<T>>, key: string, value: T): void {
    const row = table.get(key);
    if (row?.has(value) === true) return;
    if (row === undefined) table.set(key, new Set([value]));
    else row.add(value);
    this.#entries += 1;
  }

  #remove<T>(table: Map<string, Set<T>>, key: string, value: T): void {
    const row = table.get(key);
    if (row?.delete(value) !== true) return;
    this.#entries -= 1;
    if (row.size === 0) table.delete(key);
  }
}

const NOBODY: ReadonlySet<Recipient> = new Set();
const NO_ONE: ReadonlySet<string> = new Set();

/** Connections whose entries are looked at in one sweep. */
const CHECKED_AT_ONCE = 50;

/**
 * Looks through the table bit by bit: who follows a channel must be its member, and stand among its followers; whoever did not is given what
 * passed them by. A right may also end without an event that names its user (a verdict that flips), and nobody may go on reading then.
 */
export function checkRoutes(routing: Routing, reader: Pick<Reader, "isMember">, mismatch: () => void): () => void {
  let left: Recipient[] = [];
  return () => {
    if (left.length === 0) left = [...routing.connections()];
    for (const connection of left.splice(0, CHECKED_AT_ONCE))
      for (let wrong = routing.mend(connection, reader); wrong > 0; wrong -= 1) mismatch();
  };
}
