/**
 * One gateway's entries in Redis: a hash of its sessions and a hash of its users, each with one expiry, written in pipelines (a field of a hash
 * costs an eighth of a key of its own).
 *
 * Whether Redis still holds what it was told is asked with every beat: fields are counted, and some of them read, in turns. One that says otherwise
 * is written again. If some are missing or too many (flush, restart, an older copy restored), and after every loss of the connection, everything is
 * announced again under a new *generation* of the hashes: what an old connection still has in its buffers lands in a hash that nobody reads.
 */
import type { ChainableCommander } from "ioredis";
import type { Session } from "../../core/ports/connection-registry.ts";
import { REGISTRY } from "../../core/ports/connection-registry.ts";
import type { RedisLink } from "./connection.ts";
import { replies } from "./connection.ts";
import type { RegistryKeys } from "./registry-rows.ts";
import { seenText, sessionText } from "./registry-rows.ts";

/** Fields of one HSET, and such commands under way while everything is announced: neither side should stall. */
const FIELDS_AT_ONCE = 500;
const UNDER_WAY = 8;
/** Sessions that are read with each beat, and their users. */
const READ_AT_ONCE = 200;

export class GatewayEntries {
  readonly #link: RedisLink;
  readonly #keys: RegistryKeys;
  readonly #gateway: string;
  readonly #nowMs: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #ofUser = new Map<string, Set<Session>>();
  readonly #changedSessions = new Set<string>();
  readonly #changedUsers = new Set<string>();
  readonly #mismatched: (entries: number) => void;
  /** Sessions that are still to be read in this round. */
  #toRead: Iterator<Session> = [][Symbol.iterator]();
  #generation = 0;
  /** Whether Redis has been told everything under the present generation. */
  #isAnnounced = false;
  #announcing: Promise<void> | undefined;
  #announcements = 0;

  constructor(link: RedisLink, keys: RegistryKeys, gateway: string, nowMs: () => number, mismatched: (entries: number) => void = () => {}) {
    this.#link = link;
    this.#keys = keys;
    this.#gateway = gateway;
    this.#nowMs = nowMs;
    this.#mismatched = mismatched;
  }

  /** How often everything has been announced. */
  get announcements(): number {
    return this.#announcements;
  }

  put(session: Session): void {
    this.#forget(session.connection);
    this.#sessions.set(session.connection, session);
    const sessions = this.#ofUser.get(session.user);
    if (sessions === undefined) this.#ofUser.set(session.user, new Set([session]));
    else sessions.add(session);
    this.#changedSessions.add(session.connection);
    this.#changedUsers.add(session.user);
  }

  remove(connection: string): void {
    if (!this.#forget(connection)) return;
    this.#sessions.delete(connection);
    this.#changedSessions.add(connection);
  }

  #forget(connection: string): boolean {
    const before = this.#sessions.get(connection);
    if (before === undefined) return false;
    const sessions = this.#ofUser.get(before.user);
    sessions?.delete(before);
    if (sessions?.size === 0) this.#ofUser.delete(before.user);
    this.#changedUsers.add(before.user);
    return true;
  }

  /** Redis may have lost what it was told: nothing is taken for written until all has been announced. */
  doubt(): void {
    this.#isAnnounced = false;
  }

  /** Brings what has changed; everything, when Redis is in doubt. Rejects when it could not. */
  async write(): Promise<void> {
    if (!this.#isAnnounced) return this.announce();
    if (this.#changedSessions.size + this.#changedUsers.size === 0) return;
    const pipeline = this.#link.client.pipeline();
    this.#addChanges(pipeline);
    await this.#trusting("registry-write", pipeline);
  }

  /** Says that this gateway lives, and looks whether all it has written is still there. */
  async beat(): Promise<void> {
    if (!this.#isAnnounced) return this.announce();
    const [sessions, users] = this.#hashes();
    const pipeline = this.#link.client.pipeline();
    this.#addChanges(pipeline);
    const { size } = this.#sessions;
    const people = this.#ofUser.size;
    const read = this.#read(pipeline, sessions, users);
    pipeline.hlen(sessions).hlen(users).pexpire(sessions, REGISTRY.lifeMs).pexpire(users, REGISTRY.lifeMs);
    this.#addName(pipeline);
    const answers = await this.#trusting("registry-beat", pipeline);
    const [heldSessions, heldUsers] = answers.slice(-6);
    const wrong = read(answers.slice(0, -6)) + Math.abs(Number(heldSessions) - size) + Math.abs(Number(heldUsers) - people);
    if (wrong > 0) this.#mismatched(wrong);
    if (heldSessions !== size || heldUsers !== people) {
      this.doubt();
      await this.announce();
    }
  }

  /** Asks for some entries; of the answers that end with theirs it says how many were wrong, and has them written again. */
  #read(pipeline: ChainableCommander, sessionsKey: string, usersKey: string): (answers: readonly unknown[]) => number {
    const some = this.#someSessions();
    if (some.length === 0) return () => 0;
    const sessions = some.map((one) => [one.connection, sessionText(one)] as const);
    const users = [...new Set(some.map(({ user }) => user))].map((user) => [user, seenText(this.#ofUser.get(user) ?? [])] as const);
    for (const [key, rows] of [[sessionsKey, sessions], [usersKey, users]] as const) pipeline.hmget(key, ...rows.map(([field]) => field)); // biome-ignore format: one thought
    const look = (rows: readonly (readonly [string, string])[], found: unknown, again: Set<string>): number => {
      const wrong = rows.filter(([, text], nth) => ![text, null].includes((found as readonly (string | null)[])[nth] ?? null));
      for (const [field] of wrong) again.add(field);
      return wrong.length;
    };
    return (answers) => {
      const [ofSessions, ofUsers] = answers.slice(-2);
      return look(sessions, ofSessions, this.#changedSessions) + look(users, ofUsers, this.#changedUsers);
    };
  }

  #someSessions(): readonly Session[] {
    const some: Session[] = [];
    while (some.length < Math.min(READ_AT_ONCE, this.#sessions.size)) {
      const { value } = this.#toRead.next();
      if (value !== undefined) some.push(value);
      else if (some.length > 0) break;
      else this.#toRead = this.#sessions.values();
    }
    return some;
  }

  /** Writes everything into hashes of a new generation, then names them as this gateway's. */
  announce(): Promise<void> {
    this.#announcing ??= this.#announceAll().finally(() => {
      this.#announcing = undefined;
    });
    return this.#announcing;
  }

  async #announceAll(): Promise<void> {
    const former = this.#hashes();
    this.#generation += 1;
    this.#changedSessions.clear();
    this.#changedUsers.clear();
    const [sessions, users] = this.#hashes();
    await this.#link.run("registry-announce", async () => {
      await this.#fill(sessions, this.#sessions, sessionText);
      await this.#fill(users, this.#ofUser, seenText);
      const pipeline = this.#link.client.pipeline();
      this.#addName(pipeline);
      await replies(pipeline.unlink(...former));
    });
    this.#isAnnounced = true;
    this.#announcements += 1;
    await this.write(); // what changed meanwhile
  }

  /** Rows are read as they are written: what changes meanwhile is among the changes that follow. */
  async #fill<T>(key: string, rows: ReadonlyMap<string, T>, text: (row: T) => string): Promise<void> {
    const { client } = this.#link;
    const underWay: Promise<unknown>[] = [];
    let fields: string[] = [];
    const send = async (): Promise<void> => {
      if (fields.length === 0) return;
      const begun = replies(
        client
          .pipeline()
          .hset(key, ...fields)
          .pexpire(key, REGISTRY.lifeMs),
      );
      begun.catch(() => {}); // awaited below, in order
      underWay.push(begun);
      fields = [];
      if (underWay.length >= UNDER_WAY) await underWay.shift();
    };
    for (const [field, row] of rows) {
      fields.push(field, text(row));
      if (fields.length >= 2 * FIELDS_AT_ONCE) await send();
    }
    await send();
    await Promise.all(underWay);
  }

  #hashes(): readonly [sessions: string, users: string] {
    const name = `${this.#gateway}:${this.#generation}`;
    return [this.#keys.sessions(name), this.#keys.users(name)];
  }

  #addName(pipeline: ChainableCommander): ChainableCommander {
    return pipeline
      .hset(this.#keys.gateways, this.#gateway, `${this.#generation} ${this.#nowMs()}`)
      .pexpire(this.#keys.gateways, REGISTRY.lifeMs);
  }

  #addChanges(pipeline: ChainableCommander): void {
    const [sessions, users] = this.#hashes();
    addRows(pipeline, sessions, this.#changedSessions, this.#sessions, sessionText);
    addRows(pipeline, users, this.#changedUsers, this.#ofUser, seenText);
  }

  /** A pipeline of which a part was lost leaves Redis in doubt. */
  async #trusting(operation: string, pipeline: ChainableCommander): Promise<readonly unknown[]> {
    try {
      return await this.#link.run(operation, () => replies(pipeline));
    } catch (error) {
      this.doubt();
      throw error;
    }
  }

  /** Takes everything of this gateway away. */
  async leave(): Promise<void> {
    await replies(
      this.#link.client
        .pipeline()
        .hdel(this.#keys.gateways, this.#gateway)
        .unlink(...this.#hashes()),
    );
  }
}

function addRows<T>(
  pipeline: ChainableCommander,
  key: string,
  changed: Set<string>,
  rows: ReadonlyMap<string, T>,
  text: (row: T) => string,
): void {
  const there: string[] = [];
  const gone: string[] = [];
  for (const field of changed) {
    const row = rows.get(field);
    if (row === undefined) gone.push(field);
    else there.push(field, text(row));
  }
  changed.clear();
  for (let at = 0; at < there.length; at += 2 * FIELDS_AT_ONCE) pipeline.hset(key, ...there.slice(at, at + 2 * FIELDS_AT_ONCE));
  for (let at = 0; at < gone.length; at += FIELDS_AT_ONCE) pipeline.hdel(key, ...gone.slice(at, at + FIELDS_AT_ONCE));
  if (there.length > 0) pipeline.pexpire(key, REGISTRY.lifeMs); // the hash may have been empty, and hence not there
}
