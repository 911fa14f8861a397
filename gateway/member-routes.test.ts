import { beforeEach, expect, test } from "vitest";
import type { Told } from "../core/ports/feed.ts";
import type { Membership, MembershipCopy, RouteSource } from "../core/ports/route-source.ts";
import { MemberRoutes } from "./member-routes.ts";
import { openMetrics } from "./metrics.ts";

/** Memberships that a test writes as "user channel", and a list of those that changed. */
class Source implements RouteSource {
  readonly rows = new Set<string>();
  readonly changes: Membership[] = [];
  life = "one";

  put(user: string, channel: string, isMember = true): void {
    if (isMember) this.rows.add(`${user} ${channel}`);
    else this.rows.delete(`${user} ${channel}`);
    this.changes.push({ user, channel });
  }
  memberships(after: string, limit: number) {
    const keys = [...this.rows]
      .sort()
      .filter((key) => key > after)
      .slice(0, limit);
    const items = keys.map((key) => ({ user: key.split(" ")[0] ?? "", channel: key.split(" ")[1] ?? "" }));
    return { items, next: keys.length < limit ? null : (keys.at(-1) ?? null) };
  }
  channelsOf = (user: string): readonly string[] =>
    [...this.rows].filter((key) => key.startsWith(`${user} `)).map((key) => key.split(" ")[1] ?? "");
  isMember = (user: string, channel: string): boolean => this.rows.has(`${user} ${channel}`);
  copy: MembershipCopy | undefined;
  markOf = (change: number) => ({ change, is: this.life });
  reaches = (mark: { readonly is: string }) => mark.is === this.life;
  mark = () => ({ change: this.changes.length, is: this.life });
  since = (mark: { readonly change: number; readonly is: string }) => (mark.is === this.life ? this.changes.slice(mark.change) : undefined);
}

const told = (user: string, channel: string): Told => ({ channel, users: [user] }) as unknown as Told;
let source: Source;
let kept: Uint8Array | undefined;
beforeEach(() => {
  source = new Source();
  kept = undefined;
  for (let user = 0; user < 50; user += 1) for (let n = 0; n < 5; n += 1) source.put(`u${user}`, `c${(user * n) % 7}`);
});
const metrics = openMetrics({ region: "us", version: "x" });
const mismatches = async (): Promise<number> => (await metrics.routingMismatches.get()).values[0]?.value ?? 0;
const open = (): MemberRoutes =>
  new MemberRoutes({
    source,
    metrics,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    monotonicMs: () => 0,
    snapshots: {
      load: async () => kept,
      save: async (bytes) => {
        kept = bytes;
      },
    },
  });
const everything = (routes: MemberRoutes): readonly string[] =>
  Array.from({ length: 60 }, (_, user) => routes.channelsOf(`u${user}`).map((channel) => `u${user} ${channel}`))
    .flat()
    .sort();
const now = async (): Promise<void> => {};

test("M5: until the table stands the gateway is not ready, answers from the source, and what happens meanwhile is in the table afterwards", async () => {
  const routes = open();
  expect(routes.ready().ok).toBe(false);
  expect(everything(routes)).toEqual([...source.rows].sort());
  let pages = 0;
  await routes.build(async () => {
    pages += 1;
    source.put("u3", "c9"); // behind the page that was read
    source.put("u7", "c1", false);
    routes.hear(told("u3", "c9"));
    routes.hear(told("u7", "c1"));
  });
  expect(pages).toBeGreaterThan(0);
  expect(routes.ready()).toEqual({ name: "routes", ok: true, detail: `${source.rows.size} memberships, read from the store` });
  expect(everything(routes)).toEqual([...source.rows].sort());
});

test("D11: from a snapshot and what has changed since, the table is the one that would be built anew", async () => {
  const before = open();
  await before.build(now);
  await before.save();
  source.put("u1", "c8");
  source.put("u2", "c2", false);
  source.put("u55", "c1");
  const warm = open();
  await warm.build(now);
  expect(warm.ready().detail).toContain("from a snapshot and 3 changes");
  expect(everything(warm)).toEqual([...source.rows].sort());
});

/** A store that follows: it has what the source had at that change. */
const copyAt = (change: number | undefined, rows: readonly string[] = [...source.rows]): MembershipCopy => ({
  change: async () => change,
  memberships: async function* () {
    for (const row of rows) yield [{ user: row.split(" ")[0] ?? "", channel: row.split(" ")[1] ?? "" }];
  },
});

test("D11: without a snapshot it is read from the store that follows; what that lacks is added from the changes since", async () => {
  source.copy = copyAt(source.changes.length);
  source.put("u1", "c8");
  source.put("u2", "c2", false);
  const routes = open();
  await routes.build(now);
  expect(routes.ready().detail).toContain("read from the directory store and 2 changes");
  expect(everything(routes)).toEqual([...source.rows].sort());
});

test("D11: a store that follows and fails half-way, holds nothing, or is another's is left alone", async () => {
  const failing = copyAt(source.changes.length);
  const broken: MembershipCopy = {
    ...failing,
    memberships: async function* () {
      yield [{ user: "u1", channel: "only-there" }];
      throw new Error("the cursor is gone");
    },
  };
  for (const copy of [broken, copyAt(undefined), { ...failing, change: () => Promise.reject(new Error("no answer")) }]) {
    source.copy = copy;
    const routes = open();
    await routes.build(now);
    expect(routes.ready().detail).toContain("read from the store");
    expect(everything(routes)).toEqual([...source.rows].sort());
  }
});

test("D11: what a store that follows holds wrongly is found bit by bit, like everything else", async () => {
  const before = await mismatches();
  source.copy = copyAt(source.changes.length, [...[...source.rows].slice(1), "u9 stranger"]);
  const routes = open();
  await routes.build(now);
  for (let sweeps = 0; sweeps < 4; sweeps += 1) routes.sweep();
  expect(everything(routes)).toEqual([...source.rows].sort());
  expect((await mismatches()) - before).toBe(2);
});

test("D11: a snapshot of another store, or a broken one, is not believed", async () => {
  const before = open();
  await before.build(now);
  await before.save();
  source.life = "two";
  source.put("u1", "c1", false);
  const other = open();
  await other.build(now);
  expect(everything(other)).toEqual([...source.rows].sort());
  source.life = "one";
  kept = kept?.subarray(3);
  const broken = open();
  await broken.build(now);
  expect(broken.ready().detail).toContain("read from the store");
  expect(everything(broken)).toEqual([...source.rows].sort());
});

test("D11 M4: what the table was not told is found bit by bit, mended and counted", async () => {
  const routes = open();
  await routes.build(now);
  const before = await mismatches();
  source.put("u4", "c9");
  source.put("u5", "c5", false);
  source.put("u59", "c0");
  expect(everything(routes)).not.toEqual([...source.rows].sort());
  for (let sweeps = 0; sweeps < 4; sweeps += 1) routes.sweep();
  expect(everything(routes)).toEqual([...source.rows].sort());
  expect((await mismatches()) - before).toBe(3);
  routes.sweep();
  expect((await mismatches()) - before).toBe(3);
});

test("a table that has not changed is not kept again", async () => {
  const routes = open();
  await routes.build(now);
  await routes.save();
  kept = undefined;
  await routes.save();
  expect(kept).toBeUndefined();
  source.put("u1", "c9");
  routes.hear(told("u1", "c9"));
  await routes.save();
  expect(kept).toBeDefined();
});
