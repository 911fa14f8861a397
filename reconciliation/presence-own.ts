/** Who is connected to this region: the only list this region may write (P4). A user is online here if any of their connections is. */
import { type Change, type ListPage, PAGE_USERS, type Told } from "./presence-words.ts";

export interface Here {
  readonly status: "online" | "away";
  readonly sinceMs: number;
}

export class OwnPresence {
  readonly boot: string;
  /** Messages of news told to the peers since this boot. */
  version = 0;
  readonly #users = new Map<string, Here>();
  readonly #connections = new Map<string, { readonly user: string; readonly status: "online" | "away" }>();
  readonly #connectionsOf = new Map<string, Set<string>>();
  /** Users whose status changed since the last tick, and what the peers hold of them. */
  readonly #changed = new Map<string, Here | undefined>();
  /** Users in order, for paging; made when asked. */
  #sorted: readonly string[] | undefined;

  constructor(boot: string) {
    this.boot = boot;
  }

  get users(): Iterable<string> {
    return this.#users.keys();
  }

  get(user: string): Here | undefined {
    return this.#users.get(user);
  }

  userOf(connection: string): string | undefined {
    return this.#connections.get(connection)?.user;
  }

  announce(connection: string, user: string, status: "online" | "away", nowMs: number): void {
    if (this.userOf(connection) !== user) this.leave(connection, nowMs);
    this.#connections.set(connection, { user, status });
    const connections = this.#connectionsOf.get(user) ?? new Set();
    this.#connectionsOf.set(user, connections.add(connection));
    this.#settle(user, nowMs);
  }

  leave(connection: string, nowMs: number): void {
    const user = this.userOf(connection);
    if (user === undefined) return;
    this.#connections.delete(connection);
    const left = this.#connectionsOf.get(user);
    left?.delete(connection);
    if (left?.size === 0) this.#connectionsOf.delete(user);
    this.#settle(user, nowMs);
  }

  #settle(user: string, nowMs: number): void {
    const connections = [...(this.#connectionsOf.get(user) ?? [])];
    const before = this.#users.get(user);
    const online = connections.some((connection) => this.#connections.get(connection)?.status === "online");
    const status = online ? "online" : connections.length > 0 ? "away" : undefined;
    if (before?.status === status) return;
    if (!this.#changed.has(user)) this.#changed.set(user, before);
    this.#sorted = undefined;
    if (status === undefined) this.#users.delete(user);
    else this.#users.set(user, { status, sinceMs: nowMs });
  }

  /** What changed since the last tick, as news for the peers, in messages that fit the wire. Who came and went within the tick is no news. */
  takeNews(nowMs: number): readonly Told[] {
    const changes: Change[] = [];
    for (const [user, before] of this.#changed) {
      const now = this.#users.get(user);
      if (now?.status !== before?.status) changes.push({ user, ...(now ?? { status: "offline", sinceMs: nowMs }) });
    }
    this.#changed.clear();
    const news: Told[] = [];
    for (let begin = 0; begin < changes.length; begin += PAGE_USERS) {
      this.version += 1;
      news.push({ boot: this.boot, version: this.version, changes: changes.slice(begin, begin + PAGE_USERS) });
    }
    return news;
  }

  /** The list after the user `after`. To be asked with no news pending. */
  page(after: string): ListPage {
    this.#sorted ??= [...this.#users.keys()].sort();
    const begin = after === "" ? 0 : firstAbove(this.#sorted, after);
    const users = this.#sorted.slice(begin, begin + PAGE_USERS);
    return {
      boot: this.boot,
      version: this.version,
      same: false,
      users: users.map((user) => ({ user, ...this.#users.get(user)! })),
      next: begin + PAGE_USERS < this.#sorted.length ? (users.at(-1) ?? "") : "",
    };
  }
}

function firstAbove(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}
