/** Pages of history read from the store that keeps it, whatever its lag, are the pages of the embedded store. */
import { expect, test } from "vitest";
import type { HistoryStore } from "../../core/ports/history-store.ts";
import type { MessageHistory } from "../../core/ports/message-history.ts";
import { embeddedHistory } from "../../core/ports/message-history.ts";
import type { SharedPages } from "../../core/ports/shared-pages.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { readKey } from "../../core/register.ts";
import { readHistory } from "../../reconciliation/history-reading.ts";
import { VirtualTime } from "../../reconciliation/links.test-model.ts";
import { openReader } from "../../reconciliation/read/reader.ts";
import { openMemoryHistory } from "../../regions/embedded/memory-history.ts";
import { openMemoryPages } from "../../regions/embedded/memory-pages.ts";
import type { Random } from "../simulation/random.ts";
import { randomOf } from "../simulation/random.ts";
import { forgedLogs, honestLogs, interleaved } from "./logs.ts";
import type { Projected } from "./projected.ts";
import { openProjected } from "./projected.ts";

const SEEDS = Number(process.env["ATOLL_TEST_SEEDS"] ?? 25);

function opened(history: HistoryStore, time: VirtualTime, caching: () => boolean, shared?: SharedPages) {
  const projected = openProjected({ history, time });
  const { replica, tables } = projected.grown;
  const { isDistrusted } = replica.judging;
  const reader = openReader({ region: "xx", tables, isDistrusted, applied: () => replica.vector });
  const counts = { store: 0, cache: 0, embedded: 0 };
  const read = (by: keyof typeof counts): void => void (counts[by] += 1);
  /** As a process that has just started reads. */
  const fresh = (): MessageHistory =>
    readHistory({
      store: history,
      projection: projected.projection,
      reader,
      tables,
      isDistrusted,
      timers: time,
      caching,
      series: "one",
      shared,
      read,
    });
  return { projected, stored: fresh(), fresh, embedded: embeddedHistory(reader), counts };
}

/** Any page of any channel that somebody may ask for. */
function asked(random: Random, { grown: { tables } }: Projected) {
  const members = [...tables.range("memberships", keysUnder(""))].map(([key]) => key.split("|") as [string, string]);
  const bodies = [...tables.range("registers", keysUnder(""))].map(([key]) => readKey(key)).filter(({ kind }) => kind === "body");
  if (members.length === 0) return undefined;
  const [user, channel] = random.pick(members);
  const messages = bodies.filter((body) => body.channel === channel).map(({ ids }) => `msg_us_${ids[0]}`);
  const edge = () =>
    messages.length > 0 && random.chance(0.7) ? random.pick(messages) : new Date(1_700_000_000_000 + random.below(600_000)).toISOString();
  return {
    actor: { user, roles: random.chance(0.2) ? (["user", "auditor"] as const) : (["user"] as const) },
    channel: `chn_us_${channel}`,
    messages,
    ask: {
      limit: 1 + random.below(12),
      ...(random.chance(0.4) ? { before: edge() } : {}),
      ...(random.chance(0.2) ? { after: edge() } : {}),
      ...(messages.length > 0 && random.chance(0.1) ? { thread: random.pick(messages) } : {}),
    },
  };
}

const outcome = async <T>(answer: Promise<T>): Promise<T | string> => answer.catch((refusal: Error) => refusal.message);

test.each(["nowhere", "here", "for all processes"])(
  `H4: every page and every version is what the embedded store says, at any lag, with refusals (pages kept %s, seeds 1..${SEEDS})`,
  async (where) => {
    const caching = where !== "nowhere";
    const all = { store: 0, cache: 0, embedded: 0 };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const random = randomOf(seed * 13);
      const honest = honestLogs(random, 60 + random.below(80));
      const events = [...interleaved(random.chance(0.3) ? forgedLogs(honest, random) : honest, random)];
      const time = new VirtualTime(1);
      const history = openMemoryHistory();
      const shared = where === "for all processes" ? openMemoryPages() : undefined;
      const { projected, fresh, embedded, counts, ...first } = opened(history, time, () => caching, shared);
      let { stored } = first;
      while (events.length > 0) {
        await projected.apply(events.splice(0, 1 + random.below(10)));
        await time.pass(random.below(1_500));
        history.refuse(random.chance(0.05) ? new Error("read timeout") : undefined);
        if (shared !== undefined) stored = fresh();
        for (let n = 0; n < 4; n += 1) {
          const one = asked(random, projected);
          if (one === undefined) continue;
          // Something may be applied, and not yet committed, while the store is asked.
          for (const placed of events.splice(0, random.below(2))) projected.grown.replica.apply(placed);
          const page = await outcome(stored.messages(one.actor, one.channel, one.ask));
          const expected = await outcome(embedded.messages(one.actor, one.channel, one.ask));
          if (typeof page === "string" || typeof expected === "string") expect([seed, one.ask, page]).toEqual([seed, one.ask, expected]);
          else expect([seed, one.ask, page.items, page.applied]).toEqual([seed, one.ask, expected.items, expected.applied]);
          if (one.messages.length === 0) continue;
          const message = random.pick(one.messages);
          const versions = await outcome(stored.versions(one.actor, one.channel, message, { limit: 3 }));
          expect([seed, message, versions]).toEqual([
            seed,
            message,
            await outcome(embedded.versions(one.actor, one.channel, message, { limit: 3 })),
          ]);
        }
      }
      for (const by of ["store", "cache", "embedded"] as const) all[by] += counts[by];
    }
    expect(all.store).toBeGreaterThan(SEEDS);
    expect(all.embedded).toBeGreaterThan(SEEDS / 4);
    if (caching) expect(all.cache).toBeGreaterThan(SEEDS);
    else expect(all.cache).toBe(0);
  },
);

test("following `next` gives every message once, in order", async () => {
  const random = randomOf(5);
  const time = new VirtualTime(1);
  const { projected, stored, embedded } = opened(openMemoryHistory(), time, () => false);
  await projected.apply([...interleaved(honestLogs(random, 300), random)]);
  await time.pass(5_000);
  const one = Array.from({ length: 30 }, () => asked(random, projected)).sort(
    (a, b) => (b?.messages.length ?? 0) - (a?.messages.length ?? 0),
  )[0];
  if (one === undefined) throw new Error("nobody is a member");
  const whole = await embedded.messages(one.actor, one.channel, { limit: 10_000 });
  const ids: string[] = [];
  for (let before: string | null | undefined; before !== null; ) {
    const page = await stored.messages(one.actor, one.channel, { limit: 2, ...(before === undefined ? {} : { before }) });
    ids.push(...page.items.map(({ id }) => id));
    before = page.next;
  }
  expect(ids).toEqual(whole.items.map(({ id }) => id));
  expect(ids.length).toBeGreaterThan(5);
});

test("a store that fails to answer is left alone for a moment, and asked again after it", async () => {
  const time = new VirtualTime(1);
  const history = openMemoryHistory();
  const { projected, stored, counts } = opened(history, time, () => false);
  const random = randomOf(7);
  await projected.apply([...interleaved(honestLogs(random, 100), random)]);
  await time.pass(4_000);
  const one = asked(random, projected);
  if (one === undefined) throw new Error("nobody is a member");
  const reads: number[] = [];
  const look = async (): Promise<void> => {
    await stored.messages(one.actor, one.channel, { limit: 5 });
    reads.push(counts.store);
  };
  await look();
  history.refuse(new Error("read timeout"));
  await look();
  history.refuse(undefined);
  await look();
  await time.pass(1_500);
  await look();
  expect(reads).toEqual([1, 1, 1, 2]);
});
