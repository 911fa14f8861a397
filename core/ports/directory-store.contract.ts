/** What every directory store promises, in the port's own sentences. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Identity } from "../ids.ts";
import { formatStamp } from "../stamp.ts";
import type { DirectoryBatch, DirectoryStore, StoredChannel, StoredMembership, StoredWebhook, Worded } from "./directory-store.ts";
import { type Held, type Word, wordText } from "./history-store.ts";

const NOTHING: DirectoryBatch = { users: [], people: [], channels: [], memberships: [], aliases: [], webhooks: [] };
const NOON = Date.UTC(2026, 0, 5, 12);
const word = (second: number, events = 1, revision = 1): Word => ({
  newest: formatStamp(NOON + second * 1_000, 0, "us"),
  events,
  revision,
});

/** `open` gives the store, the same or another each time; documents of other tests may be in it. */
export function directoryStoreContract(name: string, open: () => Promise<DirectoryStore>): void {
  describe(`directory store: ${name}`, () => {
    let count = 0;
    const fresh = (what: string): string => `${what}${process.pid}_${Date.now().toString(36)}_${(count += 1)}`;
    const channelOf = (): Identity => fresh("c").padEnd(26, "0");
    const write = (store: DirectoryStore, batch: Partial<DirectoryBatch>) => store.write({ ...NOTHING, ...batch });
    const channel = (of: Identity, title: string, at: number): Worded<StoredChannel> => ({
      channel: of,
      id: `chn_us_${of}`,
      name: title,
      topic: null,
      policy: "lww",
      deletes: "final",
      createdAt: new Date(NOON).toISOString(),
      version: formatStamp(NOON, 0, "us"),
      word: word(at),
    });
    const member = (of: Identity, user: string, role: StoredMembership["role"], at: number): Worded<StoredMembership> => ({
      channel: of,
      user,
      role,
      word: word(at),
    });

    test("what nobody wrote is not there", async () => {
      const store = await open();
      const [user, of] = [fresh("u"), channelOf()];
      expect(await store.user(user)).toBeUndefined();
      expect(await store.channel(of)).toBeUndefined();
      expect(await store.channelBehind(fresh("a"))).toBeUndefined();
      expect(await store.channelsOf(user)).toEqual([]);
      expect(await store.membersOf(of, { limit: 10 })).toEqual([]);
      expect((await store.held(fresh("s"))).held).toBeUndefined();
    });

    test("what was written comes back, whatever people type", async () => {
      const store = await open();
      const [of, user, alias] = [channelOf(), fresh("u"), fresh("a")];
      const odd = { ...channel(of, '$where: {"$gt": ""} \u{1f600} \' " . \u200d', 1), topic: "$set" };
      const profile = { user, displayName: "$name", avatar: null, word: word(1) };
      await write(store, {
        channels: [odd],
        users: [profile],
        aliases: [{ alias, channel: of, word: word(1) }],
        memberships: [member(of, user, "owner", 1)],
      });
      const { word: _, ...shown } = odd;
      expect(await store.channel(of)).toEqual(shown);
      expect(await store.user(user)).toEqual({ user, displayName: "$name", avatar: null });
      expect(await store.channelBehind(alias)).toBe(of);
      expect(await store.channelsOf(user)).toEqual([{ channel: of, user, role: "owner" }]);
      expect(await store.membersOf(of, { limit: 10 })).toEqual([{ channel: of, user, role: "owner" }]);
    });

    test("an older word never overwrites a newer one, and a word said twice changes nothing", async () => {
      const store = await open();
      const [of, user] = [channelOf(), fresh("u")];
      await write(store, { channels: [channel(of, "newer", 5)], memberships: [member(of, user, "moderator", 5)] });
      await write(store, { channels: [channel(of, "older", 4)], memberships: [member(of, user, "member", 4)] });
      expect((await store.channel(of))?.name).toBe("newer");
      await write(store, { channels: [channel(of, "newer", 5)], memberships: [member(of, user, "moderator", 5)] });
      expect((await store.channel(of))?.name).toBe("newer");
      expect(await store.channelsOf(user)).toEqual([{ channel: of, user, role: "moderator" }]);
    });

    test("a membership that has ended is not brought back by an older word, and is by a newer one", async () => {
      const store = await open();
      const [of, user] = [channelOf(), fresh("u")];
      await write(store, { memberships: [member(of, user, null, 2)] });
      await write(store, { memberships: [member(of, user, "owner", 1)] });
      expect(await store.channelsOf(user)).toEqual([]);
      expect(await store.membersOf(of, { limit: 10 })).toEqual([]);
      await write(store, { memberships: [member(of, user, "member", 3)] });
      expect(await store.channelsOf(user)).toEqual([{ channel: of, user, role: "member" }]);
    });

    test("S5: whatever the order, repetition and batching, the same words leave the same documents", async () => {
      const store = await open();
      const words = [1, 2, 3, 4, 5, 6];
      await fc.assert(
        fc.asyncProperty(
          fc.shuffledSubarray([...words, ...words], { minLength: 12, maxLength: 12 }),
          fc.integer({ min: 1, max: 5 }),
          async (order, size) => {
            const [of, user] = [channelOf(), fresh("u")];
            for (let at = 0; at < order.length; at += size) {
              const batch = order.slice(at, at + size);
              await write(store, {
                channels: batch.map((one) => channel(of, `name ${one}`, one)),
                memberships: batch.map((one) => member(of, user, one % 2 === 0 ? "member" : null, one)),
                users: batch.map((one) => ({ user, displayName: `name ${one}`, avatar: null, word: word(one) })),
              });
            }
            expect((await store.channel(of))?.name).toBe("name 6");
            expect(await store.channelsOf(user)).toHaveLength(1);
            expect((await store.user(user))?.displayName).toBe("name 6");
          },
        ),
        { numRuns: 15 },
      );
    });

    test("webhooks are told by channel; one that is removed is not brought back by an older word", async () => {
      const store = await open();
      const [of, one, other] = [channelOf(), channelOf(), channelOf()].sort() as [Identity, Identity, Identity];
      const hook = (webhook: Identity, at: number, more: Partial<StoredWebhook> = {}): Worded<StoredWebhook> => ({
        ...{
          webhook,
          channel: of,
          url: "https://bots.example.com/$where",
          name: null,
          events: null,
          enabled: true,
          halted: null,
          generation: 1,
        },
        ...more,
        word: word(at),
      });
      const bare = ({ word: _, ...rest }: Worded<StoredWebhook>): StoredWebhook => rest;
      expect(await store.webhooksOf(of)).toEqual([]);
      const halted = hook(other, 3, {
        events: ["message.sent", "member.set"],
        enabled: false,
        halted: "failures",
        name: "$n",
        generation: 12,
      });
      await write(store, { webhooks: [halted, hook(one, 2)] });
      await write(store, { webhooks: [hook(other, 1, { url: "https://older.example.com/" })] });
      expect(await store.webhooksOf(of)).toEqual([bare(hook(one, 2)), bare(halted)]);
      await write(store, { webhooks: [hook(one, 4, { url: null })] });
      await write(store, { webhooks: [hook(one, 2), halted] });
      expect(await store.webhooksOf(of)).toEqual([bare(halted)]);
      expect(await store.webhooksOf(one)).toEqual([]);
    });

    test("two regions that write at the same time agree", async () => {
      const store = await open();
      const [of, user] = [channelOf(), fresh("u")];
      await Promise.all(
        [4, 1, 6, 2, 5, 3].map((at) =>
          write(store, { channels: [channel(of, `name ${at}`, at)], memberships: [member(of, user, at === 6 ? "owner" : "member", at)] }),
        ),
      );
      expect((await store.channel(of))?.name).toBe("name 6");
      expect(await store.channelsOf(user)).toEqual([{ channel: of, user, role: "owner" }]);
    });

    test("people are known without a profile, and being named again takes no profile away", async () => {
      const store = await open();
      const [ana, ben] = [fresh("u"), fresh("u")];
      await write(store, { people: [ana, ben] });
      expect(await store.user(ana)).toEqual({ user: ana, displayName: null, avatar: null });
      await write(store, { users: [{ user: ana, displayName: "Ana", avatar: "x", word: word(1) }] });
      await write(store, { people: [ana] });
      expect(await store.user(ana)).toEqual({ user: ana, displayName: "Ana", avatar: "x" });
    });

    test("members come in order of their names, in pages without a gap", async () => {
      const store = await open();
      const of = channelOf();
      const users = Array.from({ length: 25 }, (_, i) => `u${String(i).padStart(3, "0")}`);
      await write(store, { memberships: [...users].reverse().map((user) => member(of, user, user === "u007" ? null : "member", 1)) });
      const read: string[] = [];
      for (let after: string | undefined = ""; after !== undefined; ) {
        const page = await store.membersOf(of, { ...(after === "" ? {} : { after }), limit: 10 });
        read.push(...page.map(({ user }) => user));
        after = page.at(-1)?.user;
      }
      expect(read).toEqual(users.filter((user) => user !== "u007"));
    });

    test("every membership in force is told once, those of one user together", async () => {
      const store = await open();
      const [one, other, user, gone] = [channelOf(), channelOf(), fresh("u"), fresh("u")];
      await write(store, { memberships: [member(one, user, "member", 1), member(other, user, "owner", 1), member(one, gone, null, 1)] });
      const told: { readonly user: string; readonly channel: string }[] = [];
      for await (const page of store.memberships()) told.push(...page);
      const mine = told.filter((each) => each.user === user);
      expect(mine.map((each) => each.channel).sort()).toEqual([one, other].sort());
      const first = told.findIndex((each) => each.user === user);
      expect(told.slice(first, first + 2).map((each) => each.user)).toEqual([user, user]);
      expect(told.filter((each) => each.user === gone)).toEqual([]);
    });

    test("what is said of memberships is told in order of channels and users, those that have ended too, and can be forgotten", async () => {
      const store = await open();
      const of = channelOf();
      const users = ["u1", "u2", "u3"];
      await write(store, { memberships: [...users].reverse().map((user) => member(of, user, user === "u2" ? null : "member", 1)) });
      const first = await store.membershipsSaid(`${of}|`, 2);
      expect(first.map(({ channel: where, user, role }) => [where, user, role])).toEqual([[of, "u1", "member"], [of, "u2", null]]); // biome-ignore format: one thought
      const [last] = await store.membershipsSaid(`${of}|u2`, 1);
      expect(last).toEqual({ channel: of, user: "u3", role: "member", word: wordText(word(1)) });
      await write(store, { memberships: [member(of, "u1", "owner", 2)] });
      await store.forget([first[0]!, last!]); // the first of them is out of date
      expect((await store.membersOf(of, { limit: 9 })).map(({ user, role }) => [user, role])).toEqual([["u1", "owner"]]);
    });

    test("what it holds of a shard comes back as it was noted last", async () => {
      const store = await open();
      const shard = fresh("s");
      const held: Held = {
        series: "a",
        change: 7,
        settled: 5,
        life: (await store.held(shard)).life,
        applied: { us: { epoch: 1, sequence: 9, place: 0 } },
      };
      await store.hold(shard, held);
      await store.hold(shard, { ...held, change: 9 });
      expect((await store.held(shard)).held).toEqual({ ...held, change: 9 });
    });

    test("what is no text reaches no query: operators cannot be smuggled in", async () => {
      const store = await open();
      const operator = { $ne: null } as never;
      await expect(store.user(operator)).rejects.toThrow(/text/);
      await expect(store.channelsOf(operator)).rejects.toThrow(/text/);
      await expect(store.membersOf(operator, { limit: 1 })).rejects.toThrow(/text/);
      await expect(store.membersOf(channelOf(), { after: operator, limit: 1 })).rejects.toThrow(/text/);
      await expect(store.membershipsSaid(operator, 1)).rejects.toThrow(/text/);
      await expect(store.forget([{ channel: operator, user: "x", role: null, word: "" }])).rejects.toThrow(/text/);
      await expect(store.channel(operator)).rejects.toThrow(/text/);
      await expect(store.channelBehind(operator)).rejects.toThrow(/text/);
      await expect(store.webhooksOf(operator)).rejects.toThrow(/text/);
      await expect(write(store, { people: [operator] })).rejects.toThrow(/text/);
      await expect(write(store, { memberships: [{ ...member(channelOf(), "x", "member", 1), user: operator }] })).rejects.toThrow(/text/);
      await expect(write(store, { channels: [{ ...channel(channelOf(), "x", 1), name: operator }] })).rejects.toThrow(/text/);
    });
  });
}
