/** A replica that grew event by event, in whatever order the links delivered, holds what the set of its events says: in every table, at every moment. */
import { expect, test } from "vitest";
import { canonical } from "../../core/canonical.ts";
import type { Placed } from "../../core/event.ts";
import { EMPTY_SUM } from "../../core/hash.ts";
import { readEvent } from "../../reconciliation/event-shape.ts";
import { randomOf } from "../simulation/random.ts";
import { COMPARED, fromScratch, idsOf, rowsIn } from "./from-scratch.ts";
import { forgedLogs, honestLogs, interleaved } from "./logs.ts";
import { openReplica } from "./one-region.ts";

const SEEDS = Number(process.env["ATOLL_TEST_SEEDS"] ?? 80);
const FROM = Number(process.env["ATOLL_TEST_FROM"] ?? 1);
const seeds = Array.from({ length: SEEDS }, (_, n) => FROM + n);

function compare(told: string, events: readonly Placed[], { replica, tables }: ReturnType<typeof openReplica>): void {
  const whole = fromScratch(events);
  for (const table of COMPARED) {
    const rows = rowsIn(tables, table);
    const kept = table === "digests" ? Object.fromEntries(Object.entries(rows).filter(([, sum]) => sum !== EMPTY_SUM)) : rows;
    if (canonical(kept) !== canonical(whole[table])) expect({ told, table, rows: kept }).toEqual({ told, table, rows: whole[table] });
  }
  for (const register of Object.values(whole["registers"] ?? {}))
    for (const [id, record] of idsOf(register as Parameters<typeof idsOf>[0]))
      expect([told, id, replica.view.conflict(id)?.record.id]).toEqual([told, id, record]);
}

/** Now and then all is committed, so that what is read again comes from the store as well as from memory. */
async function grown(seed: number, events: readonly Placed[], checks: number): Promise<ReturnType<typeof openReplica>> {
  const random = randomOf(seed * 7 + 1);
  const looks = new Set(Array.from({ length: checks }, () => random.below(events.length)));
  const grown = openReplica("xx");
  for (const [n, placed] of events.entries()) {
    grown.replica.apply(placed);
    if (random.chance(0.1)) grown.replica.apply(random.pick(events.slice(0, n + 1)));
    if (random.chance(0.2)) await grown.tables.commit();
    if (looks.has(n)) compare(`seed ${seed}, after ${n + 1} events`, events.slice(0, n + 1), grown);
  }
  compare(`seed ${seed}, at the end`, events, grown);
  await grown.tables.commit();
  found.lone += [...grown.disk.range("registers", { from: "", to: "\u{7f}" })].filter(([, row]) => typeof row === "string").length;
  compare(`seed ${seed}, committed`, events, grown);
  return grown;
}

const found = { lone: 0, records: 0, losers: 0, void: 0, pending: 0, hiddenForAWhile: 0 };
test(`S5, S6: honest regions under cuts and wrong clocks: every table follows, and nothing that was accepted is void anywhere (seeds ${FROM}..${FROM + SEEDS - 1})`, async () => {
  for (const seed of seeds) {
    const random = randomOf(seed);
    const logs = honestLogs(random, 60 + random.below(120));
    const { tables } = await grown(seed, interleaved(logs, random), 4);
    for (const [key, { resolution }] of tables.range("registers", { from: "", to: "\u{7f}" })) {
      expect([seed, key, resolution.void, resolution.pending]).toEqual([seed, key, [], []]);
      found.records += resolution.records.length;
    }
    found.losers += [...tables.range("losers", { from: "", to: "\u{7f}" })].length;
  }
  expect(found.records).toBeGreaterThan(SEEDS / 2);
  expect(found.losers).toBeGreaterThan(0);
  expect(found.lone).toBeGreaterThan(SEEDS);
});

test(`A4, S5: faulty regions: every table follows all the same (seeds ${FROM}..${FROM + SEEDS - 1})`, async () => {
  for (const seed of seeds) {
    const random = randomOf(seed);
    const logs = forgedLogs(honestLogs(random, 60 + random.below(60)), random);
    const events = interleaved(logs, random).filter(({ event, position }) => "event" in readEvent(event, position));
    const { tables } = await grown(seed, events, 6);
    for (const [, { resolution }] of tables.range("registers", { from: "", to: "\u{7f}" })) {
      found.void += resolution.void.length;
      found.pending += resolution.pending.length;
    }
  }
  expect(found.void).toBeGreaterThan(0);
  expect(found.pending).toBeGreaterThan(0);
});

test("A4: what honest regions write, honest gates take", () => {
  for (const seed of seeds)
    for (const log of honestLogs(randomOf(seed), 60).values())
      for (const { event, position } of log) expect([seed, readEvent(event, position)]).toEqual([seed, { event }]);
});
