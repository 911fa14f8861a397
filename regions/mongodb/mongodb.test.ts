/** The contract suite on a real replica set of three, what its queries cost, and what becomes of acknowledged writes when its primary fails. */
import type { Db, Document } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { directoryStoreContract } from "../../core/ports/directory-store.contract.ts";
import type { DirectoryBatch, DirectoryStore } from "../../core/ports/directory-store.ts";
import { type MongoSet, mongodForTests, startMongo } from "../../test/servers/mongodb.ts";
import { until } from "../../test/servers/server.ts";
import { type MongoLink, openMongo } from "./connection.ts";
import { COVERED, EVERYBODY, IN_FORCE, openMongoDirectory } from "./directory.ts";

const program = await mongodForTests();

describe.runIf(program !== undefined)("a real MongoDB replica set", () => {
  let set: MongoSet;
  let link: MongoLink;
  let directory: DirectoryStore;
  beforeAll(async () => {
    set = await startMongo(program!, 3);
    link = openMongo({ uri: set.uri, database: "atoll_us" });
    directory = openMongoDirectory(link);
  });
  afterAll(async () => {
    await directory.close();
    await set.stop();
  });

  directoryStoreContract("mongodb", async () => directory);

  describe("each query is answered from an index, and looks at no more than it gives", () => {
    const user = "crowd-user";
    beforeAll(async () => {
      db = await link.reach();
      const word = { newest: "", events: 1, revision: 1 };
      const memberships = Array.from({ length: 3_000 }, (_, i) => ({
        channel: `chan${Math.floor(i / 10)}`,
        user: i % 10 === 1 ? user : `crowd${i}`,
        role: i % 3 === 0 ? null : ("member" as const),
        word,
      }));
      await directory.write({
        users: [],
        people: memberships.map((one) => one.user),
        channels: [],
        memberships,
        aliases: [],
        webhooks: [],
      });
    });
    let db: Db;
    const memberships = () => db.collection("memberships");
    const plans = {
      "channels of a user": () =>
        memberships()
          .find({ user, ...IN_FORCE })
          .sort({ channel: 1 })
          .project(COVERED),
      "members of a channel": () =>
        memberships()
          .find({ channel: "chan1", user: { $gt: "a" }, ...IN_FORCE })
          .sort({ user: 1 })
          .limit(10)
          .project(COVERED),
      "all memberships": () => memberships().find(EVERYBODY).sort({ user: 1, channel: 1 }).project(COVERED),
    };
    test.each(Object.entries(plans))("%s: from the index alone", async (_, find) => {
      const plan = await find().explain("executionStats");
      const { totalDocsExamined, totalKeysExamined, nReturned } = plan["executionStats"] as Record<string, number>;
      expect(stagesOf(plan)).toContain("IXSCAN");
      expect(stagesOf(plan).filter((stage) => ["COLLSCAN", "SORT", "FETCH"].includes(stage))).toEqual([]);
      expect(nReturned).toBeGreaterThan(5);
      expect(totalDocsExamined).toBe(0);
      expect(totalKeysExamined).toBeLessThanOrEqual(nReturned! + 1);
    });
    test("documents by their id: one look", async () => {
      const plan = await db
        .collection("users")
        .find({ _id: user as never })
        .explain("executionStats");
      expect(stagesOf(plan).filter((stage) => stage === "COLLSCAN")).toEqual([]);
      expect((plan["executionStats"] as Record<string, number>)["totalDocsExamined"]).toBe(1);
    });
  });

  /** Four writers, each one write after the other; what was acknowledged is remembered. */
  function load(name: string) {
    const acknowledged = new Map<string, number>();
    let running = true;
    let worstMs = 0;
    let refused = 0;
    const writer = async (one: string): Promise<void> => {
      for (let said = 1; running; said += 1) {
        const startMs = performance.now();
        const done = await directory.write(membership(`${name}-${one}`, said)).then(() => true, () => false); // biome-ignore format: one thought
        worstMs = Math.max(worstMs, performance.now() - startMs);
        if (done) acknowledged.set(`${name}-${one}`, said);
        else {
          refused += 1;
          said -= 1; // unknown, not refused: the same is said again
        }
      }
    };
    const writers = ["a", "b", "c", "d"].map(writer);
    const total = (): number => [...acknowledged.values()].reduce((sum, count) => sum + count, 0);
    return {
      total,
      more: async (count: number) => {
        const before = total();
        await until("writes go on", () => total() >= before + count, 30_000);
      },
      end: async () => {
        running = false;
        await Promise.all(writers);
        return { acknowledged, worstMs, refused };
      },
    };
  }
  const membership = (writer: string, said: number): DirectoryBatch => ({
    users: [{ user: writer, displayName: String(said), avatar: null, word: { newest: "", events: said, revision: 1 } }],
    people: [],
    channels: [],
    memberships: [{ channel: `${writer}-${said}`, user: writer, role: "member", word: { newest: "", events: 1, revision: 1 } }],
    aliases: [],
    webhooks: [],
  });

  describe("what a server may answer instead", () => {
    /** The next `times` writes meet this. */
    const failing = async (times: number, data: Document): Promise<void> => {
      await set.settled();
      await set.command(await set.primary(), {
        configureFailPoint: "failCommand",
        mode: { times },
        data: { failCommands: ["update"], ...data },
      });
    };
    const once = membership("failing", 1);
    const isThere = async (): Promise<boolean> => (await directory.channelsOf("failing")).some(({ channel }) => channel === "failing-1");
    const sweep = async (): Promise<void> => {
      await set.command(await set.primary(), { configureFailPoint: "failCommand", mode: "off" });
      await (await link.reach()).collection("memberships").deleteMany({ user: "failing" });
    };

    test("slow: two seconds an answer, and it is written", async () => {
      await failing(2, { blockConnection: true, blockTimeMS: 2_000 });
      const startMs = performance.now();
      await directory.write(once);
      expect(performance.now() - startMs).toBeGreaterThan(1_900);
      expect(await isThere()).toBe(true);
      await sweep();
    });
    test("it hangs up three times, more often than the driver tries: it is written all the same", async () => {
      await failing(3, { closeConnection: true });
      await directory.write({ ...once, users: [] });
      expect(await isThere()).toBe(true);
      await sweep();
    });
    test("its disk is full: the write is refused, not lost in silence, and works when there is room", async () => {
      await failing(100, { errorCode: 14_031 });
      await expect(directory.write(once)).rejects.toThrow();
      expect(await isThere()).toBe(false);
      await sweep();
      await directory.write(once);
      expect(await isThere()).toBe(true);
      await sweep();
    });
    test("a majority cannot confirm it: it is not acknowledged", async () => {
      await failing(100, { writeConcernError: { code: 64, errmsg: "waiting for replication timed out" } });
      await expect(directory.write(once)).rejects.toThrow();
      await sweep();
    });
  });

  test("a directory opened while nobody answers works once somebody does", async () => {
    await set.settled();
    for (const member of set.members) member.pause();
    const early = openMongoDirectory(openMongo({ uri: set.uri, database: "atoll_us" }));
    await expect(early.held("nobody")).rejects.toThrow();
    for (const member of set.members) member.resume();
    await until("it answers", () => early.held("nobody").then(() => true, () => false)); // biome-ignore format: one thought
    await early.close();
  });

  const faults: Readonly<Record<string, () => Promise<() => Promise<void>>>> = {
    "kill -9": async () => {
      const primary = await set.primary();
      await primary.kill("SIGKILL");
      return () => primary.start();
    },
    silence: async () => {
      const primary = await set.primary();
      primary.pause();
      return async () => primary.resume();
    },
    "step down": async () => {
      await set.stepDown();
      return async () => {};
    },
  };
  test.each(Object.entries(faults))(
    "D9: %s of the primary under load: writes resume, and nothing acknowledged is lost",
    async (name, fault) => {
      const writing = load(name.replaceAll(/[^a-z0-9]/g, ""));
      await set.settled();
      await writing.more(40);
      const mend = await fault();
      await writing.more(12); // a set that waits for a silent member acknowledges with its heartbeats, twice a second
      await mend();
      await writing.more(40);
      const { acknowledged, worstMs } = await writing.end();
      for (const [writer, said] of acknowledged) {
        const channels = (await directory.channelsOf(writer)).map(({ channel }) => channel);
        const missing = Array.from({ length: said }, (_, i) => `${writer}-${i + 1}`).filter((channel) => !channels.includes(channel));
        expect(missing, writer).toEqual([]);
        expect(Number((await directory.user(writer))?.displayName)).toBeGreaterThanOrEqual(said);
      }
      expect(acknowledged.size).toBe(4);
      expect(worstMs).toBeLessThan(20_000); // 35 s by the driver's default, where the primary falls silent
    },
  );
});

function stagesOf(plan: Document): readonly string[] {
  const found: string[] = [];
  JSON.stringify((plan["queryPlanner"] as Document)["winningPlan"], (key, value: unknown) => {
    if (key === "stage") found.push(String(value));
    return value;
  });
  return found;
}
