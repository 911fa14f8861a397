/** What every history store promises, in the port's own sentences. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Identity } from "../ids.ts";
import type { ConflictRecord, Entry } from "../register.ts";
import { formatStamp } from "../stamp.ts";
import type { ConflictWrite, Held, HistoryBatch, HistoryStore, MessageWrite, ShownMessage, StoredMessage } from "./history-store.ts";
import { placeOf } from "./history-store.ts";
import { shownAsSent } from "./sent-message.test-model.ts";

const NOTHING: HistoryBatch = { versions: [], messages: [], conflicts: [], audit: [] };
const NOON = Date.UTC(2026, 0, 5, 12);
const at = (timeMs: number, region = "us", counter = 0) => formatStamp(timeMs, counter, region);
const identity = (name: string): Identity => name.padEnd(26, "0");

const shown = (body: string): ShownMessage => shownAsSent(at(NOON), body);
const entry = (stamp: string, body: string): Entry => ({
  stamp,
  kind: "sent",
  author: "ana",
  command: `c ${stamp}`,
  content: "0".repeat(32),
  value: { body },
  replaces: [],
  policy: "lww",
  deletes: "final",
  after: { us: "1.4.0" },
  position: { origin: "us", epoch: 1, sequence: 5, place: 0 },
  hash: "f".repeat(64),
});

/** `open` gives the store, the same or another each time; channels of other tests may be in it. */
export function historyStoreContract(name: string, open: () => Promise<HistoryStore>): void {
  describe(`history store: ${name}`, () => {
    let channels = 0;
    const channelOf = (): Identity => identity(`${Date.now().toString(36)}${process.pid}${++channels}`);
    const message = (channel: Identity, born: string, more: Partial<MessageWrite> = {}): MessageWrite => ({
      channel,
      message: identity(`m${born.slice(-12).replaceAll(/[^0-9a-z]/g, "")}`),
      born,
      shown: shown(`born ${born}`),
      hidden: [],
      formerly: [],
      word: { newest: born, events: 1, revision: 1 },
      ...more,
    });
    const stored = ({ word: _, formerly: __, ...one }: MessageWrite): StoredMessage => one;
    const write = async (store: HistoryStore, batch: Partial<HistoryBatch>) => store.write({ ...NOTHING, ...batch });
    const bodies = async (store: HistoryStore, channel: Identity) =>
      (await store.page(channel, { limit: 99 })).map((one) => one.shown.body);

    test("an empty channel has no page, an unknown message no versions, an unknown shard nothing held", async () => {
      const store = await open();
      const channel = channelOf();
      expect(await store.page(channel, { limit: 10 })).toEqual([]);
      expect(await store.versions(channel, identity("m"))).toEqual([]);
      expect(await store.message(channel, `${at(NOON)}|${identity("m")}`)).toBeUndefined();
      expect((await store.held(channel)).held).toBeUndefined();
    });

    test("a message comes back as it was written, whatever people type", async () => {
      const store = await open();
      const channel = channelOf();
      const odd = JSON.parse('{"__proto__":{"x":1},"half":"\\ud83d","nul":null}') as never;
      const written = message(channel, at(NOON), {
        shown: {
          ...shown("漢字 😀 ' \" \\ \n $1"),
          metadata: odd,
          reactions: { "👍": ["bo", "eve"] },
          conflict: { id: "cfl_x", state: "open" },
        },
        hidden: [at(NOON + 1, "eu")],
      });
      await write(store, { messages: [written] });
      const [read] = await store.page(channel, { limit: 1 });
      expect(JSON.stringify(read?.shown.metadata)).toBe(JSON.stringify(odd));
      expect(read).toEqual(stored(written));
      expect(await store.message(channel, placeOf(written))).toEqual(stored(written));
    });

    test("D5: pages are newest first, whole and without a gap across midnight and across years, whatever their size", async () => {
      const store = await open();
      const channel = channelOf();
      const midnight = Date.UTC(2026, 0, 6);
      const times = [
        Date.UTC(2019, 11, 31, 23, 59, 59, 999),
        Date.UTC(2020, 0, 1),
        midnight - 2,
        midnight - 1,
        midnight,
        midnight + 1,
        NOON,
      ];
      const messages = [...times.flatMap((time) => [message(channel, at(time)), message(channel, at(time, "eu"))])];
      await write(store, { messages: [...messages].reverse() });
      const expected = messages.map(placeOf).sort().reverse();
      for (const limit of [1, 3, 4, 50]) {
        const pages: string[] = [];
        for (let before: string | undefined; ; ) {
          const page = await store.page(channel, { limit, ...(before === undefined ? {} : { before }) });
          pages.push(...page.map(placeOf));
          if (page.length < limit) break;
          before = pages.at(-1);
        }
        expect([limit, pages]).toEqual([limit, expected]);
      }
      const between = await store.page(channel, { limit: 9, before: expected[2] ?? "", after: expected[6] ?? "" });
      expect(between.map(placeOf)).toEqual(expected.slice(3, 6));
      const [from, to] = [at(midnight - 1, "").slice(0, -1), at(midnight + 1, "").slice(0, -1)];
      expect((await store.page(channel, { limit: 9, after: from, before: to })).map((one) => one.born)).toEqual(
        [at(midnight), at(midnight, "eu"), at(midnight - 1), at(midnight - 1, "eu")].sort().reverse(),
      );
    });

    test("of two words about a message the newer stays, in whatever order and however often they come", async () => {
      const store = await open();
      const word = fc.record({
        newest: fc.constantFrom(at(NOON), at(NOON, "us", 7), at(NOON + 1, "eu")),
        events: fc.integer({ min: 1, max: 3 }),
        revision: fc.integer({ min: 1, max: 12 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(word, { minLength: 2, maxLength: 4, selector: (one) => JSON.stringify(one) }), async (words) => {
          const channel = channelOf();
          for (const one of [...words, ...words])
            await write(store, { messages: [message(channel, at(NOON), { word: one, shown: shown(JSON.stringify(one)) })] });
          const newest = [...words]
            .sort((a, b) => (a.newest < b.newest ? -1 : a.newest > b.newest ? 1 : a.events - b.events || a.revision - b.revision))
            .at(-1);
          expect(await bodies(store, channel)).toEqual([JSON.stringify(newest)]);
        }),
        { numRuns: 15 },
      );
    });

    test("a stamp of a wrong clock, far ahead or in 1970, moves only its own message", async () => {
      const store = await open();
      const channel = channelOf();
      const ahead = message(channel, at(Date.UTC(9999, 11, 31)));
      const early = message(channel, at(0));
      await write(store, { messages: [ahead, early, message(channel, at(NOON))] });
      const edited = { ...early, shown: shown("edited"), word: { newest: at(NOON, "eu"), events: 2, revision: 2 } };
      await write(store, { messages: [edited] });
      expect(await bodies(store, channel)).toEqual([ahead.shown.body, `born ${at(NOON)}`, "edited"]);
    });

    test("an earlier twin of the send moves the message; nobody sees it twice, also when the late word of its old place comes last", async () => {
      const store = await open();
      const channel = channelOf();
      const late = message(channel, at(NOON + 5, "eu"));
      const moved = { ...late, born: at(NOON), formerly: [late.born], word: { newest: late.born, events: 2, revision: 2 } };
      await write(store, { messages: [late] });
      await write(store, { messages: [moved] });
      await write(store, { messages: [late] });
      expect((await store.page(channel, { limit: 9 })).map((one) => one.born)).toEqual([at(NOON)]);
      expect(await store.message(channel, placeOf(late))).toBeUndefined();
    });

    test("every version is kept, in order of stamps; the same one again changes nothing", async () => {
      const store = await open();
      const channel = channelOf();
      const entries = [at(NOON + 2, "eu"), at(NOON), at(NOON, "ap"), at(NOON + 1)].map((stamp) => entry(stamp, `text ${stamp}`));
      const versions = entries.map((one) => ({ channel, message: identity("m"), entry: one }));
      await write(store, { versions });
      await write(store, { versions });
      expect(await store.versions(channel, identity("m"))).toEqual([...entries].sort((a, b) => (a.stamp < b.stamp ? -1 : 1)));
    });

    test("conflicts: the newest word of each, in order of ids; an id that leads to another record is none", async () => {
      const store = await open();
      const channel = channelOf();
      const record = (id: string, state: ConflictRecord["state"]): ConflictRecord => ({
        id,
        base: "-",
        versions: [at(NOON), at(NOON, "eu")],
        winner: at(NOON),
        losers: [at(NOON, "eu")],
        rule: "lww",
        reason: "stamp",
        state,
      });
      const conflict = (id: string, revision: number, one: ConflictRecord | null): ConflictWrite => ({
        channel,
        id,
        register: `${channel}|body|${identity("m")}`,
        record: one,
        word: { newest: at(NOON), events: 2, revision },
      });
      await write(store, { conflicts: [conflict("cfl_b", 2, record("cfl_b", "seen")), conflict("cfl_a", 1, record("cfl_a", "open"))] });
      await write(store, {
        conflicts: [
          conflict("cfl_b", 1, record("cfl_b", "open")),
          conflict("cfl_c", 2, null),
          conflict("cfl_d", 3, record("cfl_d", "open")),
        ],
      });
      const all = await store.conflicts(channel, { limit: 9 });
      expect(all.map(({ id, record: { state } }) => [id, state])).toEqual([
        ["cfl_a", "open"],
        ["cfl_b", "seen"],
        ["cfl_d", "open"],
      ]);
      expect(all[0]).toEqual({ channel, id: "cfl_a", register: `${channel}|body|${identity("m")}`, record: record("cfl_a", "open") });
      expect((await store.conflicts(channel, { after: "cfl_a", limit: 1 })).map(({ id }) => id)).toEqual(["cfl_b"]);
    });

    test("D7: a region's audit entries come back in order and whole, page by page", async () => {
      const store = await open();
      const region = channelOf();
      const audit = [1, 2, 9, 10, 9_999, 10_000, 10_001].map((seq) => ({
        seq,
        region,
        at: new Date(NOON + seq).toISOString(),
        kind: "version" as const,
        hash: "1".repeat(64),
        prev: "0".repeat(64),
        fact: { stamp: at(NOON + seq), data: { body: "漢" } },
      }));
      await write(store, { audit: audit.slice(3) });
      await write(store, { audit });
      expect(await store.audit(region, { after: 0, limit: 99 })).toEqual(audit);
      expect((await store.audit(region, { after: 2, limit: 3 })).map(({ seq }) => seq)).toEqual([9, 10, 9_999]);
      expect((await store.audit(region, { after: 10_000, limit: 3 })).map(({ seq }) => seq)).toEqual([10_001]);
    });

    test("L2: what a shard holds is what was last said of it, and its own", async () => {
      const store = await open();
      const shard = channelOf();
      const held = (change: number): Held => ({
        series: "s",
        change,
        settled: change - 1,
        life: "1",
        applied: { us: { epoch: 1, sequence: change, place: 0 }, eu: { epoch: 2, sequence: 4, place: 1 } },
      });
      await store.hold(shard, held(7));
      await store.hold(shard, held(5));
      expect((await store.held(shard)).held).toEqual(held(5));
      expect((await store.held(channelOf())).held).toBeUndefined();
      expect((await store.held(shard)).life).toBe((await store.held(shard)).life);
    });
  });
}
