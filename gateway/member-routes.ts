/**
 * The gateway's copy of who is a member of what (register D11): built when it starts, from the last snapshot and what has changed since, else from
 * the directory store and what has changed since, else from every membership of the source; kept true by what it hears; looked through bit by bit
 * against the source. Until it stands, the source itself is asked, and the gateway is not ready; what happens meanwhile is noted and applied at
 * the end.
 */
import type { Told } from "../core/ports/feed.ts";
import type { Membership, RouteSnapshots, RouteSource } from "../core/ports/route-source.ts";
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

  /** `breathe` lets others run between two pages. Never rejects: where nothing else can be had, every membership of the source is read. */
  async build(breathe: () => Promise<void>): Promise<void> {
    const { monotonicMs, metrics, log } = this.#parts;
    const startedMs = monotonicMs();
    const table = (await this.#fromSnapshot()) ?? (await this.#fromCopy()) ?? (await this.#fromSource(breathe));
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
    return this.#upToDate(snapshot.table, changed, "from a snapshot");
  }

  /** What the directory store holds and what has changed since: it may lag as far as it likes, and nothing is missed. */
  async #fromCopy(): Promise<RouteTable | undefined> {
    const { source, log } = this.#parts;
    if (source.copy === undefined) return undefined;
    try {
      const change = await source.copy.change();
      if (change === undefined) return undefined;
      const mark = source.markOf(change);
      if (!source.reaches(mark)) throw new Error("it is too far behind");
      const builder = new RouteTableBuilder();
      for await (const page of source.copy.memberships()) for (const { user, channel } of page) builder.add(user, channel);
      const changed = source.since(mark);
      if (changed === undefined) throw new Error("it has fallen too far behind");
      return this.#upToDate(builder.build(), changed, "read from the directory store");
    } catch (error) {
      log.warn(
        { event: "routes.copy-useless", why: error instanceof Error ? error.message : String(error) },
        "the directory store does not give the memberships; they are read from the region's own store",
      );
      return undefined;
    }
  }

  #upToDate(table: RouteTable, changed: readonly Membership[], how: string): RouteTable {
    for (const { user, channel } of changed) this.#settle(table, user, channel);
    this.#how = `${how} and ${changed.length} changes`;
    return table;
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
    if (this.#settle(table, user, channel)) this.#parts.metrics.routingMismatches.inc({ in: "members" });
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
