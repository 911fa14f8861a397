/** A routing table from a snapshot and the changes since is the one that every membership would give, whatever the events and their order. */
import { expect, test } from "vitest";
import { decodeRoutes, encodeRoutes } from "../../core/route-snapshot.ts";
import { type RouteTable, RouteTableBuilder } from "../../core/route-table.ts";
import { openRouteSource } from "../../reconciliation/route-source.ts";
import { randomOf } from "../simulation/random.ts";
import { forgedLogs, honestLogs, interleaved } from "./logs.ts";
import { openReplica } from "./one-region.ts";

const SEEDS = Number(process.env["ATOLL_TEST_SEEDS"] ?? 20);

const contentOf = (table: RouteTable): readonly string[] =>
  Array.from({ length: table.userCount }, (_, number) => table.userAt(number) ?? "")
    .flatMap((user) => table.channelsOf(user).map((channel) => `${user} ${channel}`))
    .sort();

test(`D11: snapshot and delta give what building anew gives (seeds 1..${SEEDS})`, async () => {
  let mended = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = randomOf(seed);
    const honest = honestLogs(random, 80);
    const events = interleaved(random.chance(0.5) ? forgedLogs(honest, random) : honest, random);
    const { replica, tables, store } = openReplica("xx");
    const source = openRouteSource(tables, store);
    const anew = (): RouteTable => {
      const builder = new RouteTableBuilder();
      for (let after: string | null = ""; after !== null; ) {
        const page: ReturnType<typeof source.memberships> = source.memberships(after, 7);
        for (const { user, channel } of page.items) builder.add(user, channel);
        after = page.next;
      }
      return builder.build();
    };
    const half = random.below(events.length);
    const committed = random.below(half + 1);
    for (const placed of events.slice(0, committed)) replica.apply(placed);
    await tables.commit();
    for (const placed of events.slice(committed, half)) replica.apply(placed);
    const bytes = encodeRoutes(anew(), source.mark());
    for (const placed of events.slice(half)) replica.apply(placed);
    const { table, mark } = decodeRoutes(bytes)!;
    const changed = source.since(mark);
    for (const { user, channel } of changed ?? []) if (table.set(user, channel, source.isMember(user, channel))) mended += 1;
    expect([seed, changed === undefined, contentOf(table)]).toEqual([seed, false, contentOf(anew())]);
    for (const line of contentOf(table)) expect(source.isMember(...(line.split(" ") as [string, string]))).toBe(true);
    expect(source.since({ ...mark, is: "another store's" })).toBeUndefined();
  }
  expect(mended).toBeGreaterThan(SEEDS / 2);
});
