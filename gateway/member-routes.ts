/**
 * The gateway's copy of who is a member of what (register D11): built when it starts, from the last snapshot and what has changed since, else from
 * every membership; kept true by what it hears; looked through bit by bit against the source. Until it stands, the source itself is asked, and the
 * gateway is not ready; what happens meanwhile is noted and applied at the end.
 */
import type { Told } from "../core/ports/feed.ts";
import type { RouteSnapshots, RouteSource } from "../core/ports/route-source.ts";
import { decodeRoutes, encodeRoutes } from "../core/route-snapshot.ts";
import type { RouteTable } from "../core/route-table.ts";
import { RouteTableBuilder } from "../core/route-table.ts";
import type { Metrics } from "./metrics.ts";
import type { Log, ReadyLine } from "./parts.ts";

export interface MemberRoutesParts {
  readonly source: RouteSource;
  readonly snapshots?: RouteSnapshots | undefined;
  readonly metrics: Pick<Metrics, "routingRebuild" | "routingMismatches">;
  readonly log: Log;
  readonly monotonicMs: () => number;
}

const PAGE = 5_000;
/** Looked at in one sweep: users of the table, and memberships of the source. */
const SWEPT = 200;

export class MemberRoutes {
  readonly #parts: MemberRoutesParts;
  #table: RouteTable | undefined;
  /** "<user>|<channel>" that has changed while the table is built. */
  readonly #meanwhile = new Set<string>();
  #how = "";
  #savedVersion = -1;
  #sweptUser = 0;
  #sweptPlace = "";

  constructor(parts: MemberRoutesParts) {
    this.#parts = parts;
  }

  get entries(): number {
    return this.#table?.entries ?? 0;
  }
  ready(): ReadyLine {
    const detail = this.#table === undefined ? "the routing table is being built" : `${this.#table.entries} memberships, ${this.#how}`;
    return { name: "routes", ok: this.#table !== undefined, detail };
  }

  channelsOf(user: string): readonly string[] {
    return this.#table?.channelsOf(user) ?? this.#parts.source.channelsOf(user);
  }

  /** `breathe` lets others run between two pages. Never rejects: without a snapshot, or with a broken one, everything is read. */
  async build(breathe: () => Promise<void>): Promise<void> {
    const { monotonicMs, metrics, log } = this.#parts;
    const startedMs = monotonicMs();
    const table = (await this.#fromSnapshot()) ?? (await this.#fromSource(breathe));
    for (const key of this.#meanwhile) {
      const end = key.indexOf("|");
      this.#settle(table, key.slice(0, end), key.slice(end + 1));
    }
    this.#meanwhile.clear();
    this.#table = table;
    const seconds = (monotonicMs() - startedMs) / 1_000;
    metrics.routingRebuild.observe(seconds);
    log.info({ event: "routes.built", how: this.#how, memberships: table.entries, seconds }, "the routing table stands");
  }

  async #fromSnapshot(): Promise<RouteTable | undefined> {
    const { snapshots, source, log } = this.#parts;
    const bytes = await snapshots?.load().catch(() => undefined);
    if (bytes === undefined) return undefined;
    const snapshot = decodeRoutes(bytes);
    const changed = snapshot === undefined ? undefined : source.since(snapshot.mark);
    if (snapshot === undefined || changed === undefined) {
      log.warn(
        { event: "routes.snapshot-useless" },
        "the snapshot of the routing table is broken, too old or another store's; every membership is read",
      );
      return undefined;
    }
    for (const { user, channel } of changed) this.#settle(snapshot.table, user, channel);
    this.#how = `from a snapshot and ${changed.length} changes`;
    return snapshot.table;
  }

  async #fromSource(breathe: () => Promise<void>): Promise<RouteTable> {
    const builder = new RouteTableBuilder();
    for (let after: string | null = ""; after !== null; ) {
      const page: ReturnType<RouteSource["memberships"]> = this.#parts.source.memberships(after, PAGE);
      for (const { user, channel } of page.items) builder.add(user, channel);
      after = page.next;
      await breathe();
    }
    this.#how = "read from the store";
    return builder.build();
  }

  hear({ channel, users }: Told): void {
    if (channel === null) return;
    for (const user of users)
      if (this.#table === undefined) this.#meanwhile.add(`${user}|${channel}`);
      else this.#settle(this.#table, user, channel);
  }

  /** Returns whether the table said otherwise. */
  #settle(table: RouteTable, user: string, channel: string): boolean {
    return table.set(user, channel, this.#parts.source.isMember(user, channel));
  }

  /** Looks at some users of the table and some memberships of the source; what differs is mended and counted. */
  sweep(): void {
    const { source } = this.#parts;
    const table = this.#table;
    if (table === undefined) return;
    for (let looked = 0; looked < Math.min(SWEPT, table.userCount); looked += 1) {
      this.check(table.userAt(this.#sweptUser) ?? "");
      this.#sweptUser = (this.#sweptUser + 1) % table.userCount;
    }
    const { items, next } = source.memberships(this.#sweptPlace, SWEPT);
    for (const { user, channel } of items) if (!table.has(user, channel)) this.#mend(table, user, channel);
    this.#sweptPlace = next ?? "";
  }

  /** Looks at everything of one user; returns how much was wrong and is mended. */
  check(user: string): number {
    const table = this.#table;
    if (table === undefined) return 0;
    const [said, is] = [new Set(table.channelsOf(user)), new Set(this.#parts.source.channelsOf(user))];
    const wrong = [...new Set([...said, ...is])].filter((channel) => said.has(channel) !== is.has(channel));
    for (const channel of wrong) this.#mend(table, user, channel);
    return wrong.length;
  }

  #mend(table: RouteTable, user: string, channel: string): void {
    if (this.#settle(table, user, channel)) this.#parts.metrics.routingMismatches.inc();
  }

  /** Keeps the table for the next start, when it has changed since it was kept last. */
  async save(): Promise<void> {
    const { snapshots, source, log } = this.#parts;
    const table = this.#table;
    if (table === undefined || snapshots === undefined || table.version === this.#savedVersion) return;
    const { version } = table;
    const bytes = encodeRoutes(table, source.mark());
    try {
      await snapshots.save(bytes);
      this.#savedVersion = version;
    } catch (error) {
      log.warn(
        { event: "routes.unsaved", why: String(error) },
        "the routing table could not be kept; the next start reads every membership",
      );
    }
  }
}
