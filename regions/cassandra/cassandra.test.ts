/** What only Cassandra does: buckets that split, consistency that is switched, migrations, repairs; on a real node. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HistoryStore, MessageWrite } from "../../core/ports/history-store.ts";
import { placeOf } from "../../core/ports/history-store.ts";
import { writtenAsSent } from "../../core/ports/sent-message.test-model.ts";
import type { ReadConsistency } from "../../core/ports/store-modes.ts";
import { formatStamp } from "../../core/stamp.ts";
import { sharedCassandra } from "../../test/servers/cassandra.ts";
import { cassandraMissing } from "../../test/servers/java.ts";
import { describeWith } from "../../test/servers/needed.ts";
import { inspectCassandra } from "./inspect.ts";
import { migrate, versionOf } from "./migrate.ts";
import type { CassandraParts, OpenCassandra } from "./open.ts";
import { openCassandra } from "./open.ts";
import { repairPlan } from "./repair-plan.ts";
import { openSession } from "./session.ts";
import { parseTableHistograms } from "./table-histograms.ts";

const identity = (name: string): string => name.padEnd(26, "0");
const MORNING = Date.UTC(2026, 4, 5, 9, 59, 30);

describeWith("Cassandra", cassandraMissing(), () => {
  const opened: OpenCassandra[] = [];
  let at: string;
  let nodetool: (...args: readonly string[]) => Promise<string>;
  let spaces = 0;
  beforeAll(async () => {
    const node = await sharedCassandra();
    at = `${node.place.address}:${node.place.port}`;
    nodetool = node.nodetool;
  });
  afterAll(() => Promise.all(opened.map(({ history }) => history.close())));

  const space = (): string => `t${process.pid}_own${++spaces}`;
  const open = (keyspace: string, more: Partial<CassandraParts> = {}): OpenCassandra => {
    const one = openCassandra({
      contactPoints: [at],
      keyspace,
      boot: `${opened.length}`,
      nowMs: Date.now,
      pause,
      mayMigrate: true,
      ...more,
    });
    opened.push(one);
    return one;
  };
  const message = (channel: string, timeMs: number, body = "x".repeat(200)): MessageWrite => {
    const born = formatStamp(timeMs, 0, "us");
    return writtenAsSent({ channel, message: identity(`m${timeMs}`), born, body });
  };
  const write = (history: HistoryStore, messages: readonly MessageWrite[]) =>
    history.write({ versions: [], messages, conflicts: [], audit: [] });
  async function everyPage(history: HistoryStore, channel: string, limit: number): Promise<readonly string[]> {
    const places: string[] = [];
    for (let before: string | undefined; ; before = places.at(-1)) {
      const page = await history.page(channel, { limit, ...(before === undefined ? {} : { before }) });
      places.push(...page.map(placeOf));
      if (page.length < limit) return places;
    }
  }

  test("D6: a viral channel goes on in finer buckets from a recorded time on; pages across the switch are whole and in order, whoever wrote them", async () => {
    const keyspace = space();
    let nowMs = MORNING;
    const splits: string[] = [];
    const viral = open(keyspace, {
      nowMs: () => nowMs,
      splitBytes: 20_000,
      splitting: (_, length, sinceMs) => splits.push(`${length} from ${new Date(sinceMs).toISOString()}`),
    });
    const unaware = open(keyspace, { nowMs: () => nowMs, knownMs: 3_600_000 });
    const channel = identity("viral");
    const all: MessageWrite[] = [];
    const burst = async (from: OpenCassandra, count: number): Promise<void> => {
      const messages = Array.from({ length: count }, () => message(channel, (nowMs += 250)));
      all.push(...messages);
      for (let i = 0; i < count; i += 20) await write(from.history, messages.slice(i, i + 20));
    };
    await burst(unaware, 20); // it has looked: no finer buckets
    await burst(viral, 80);
    expect(splits).toEqual([expect.stringMatching(/^13 from 2026-05-05T10:0/)]);
    nowMs += 61_000;
    await burst(unaware, 40); // within what it knows, in the day's bucket after the switch
    await pause(2_100); // the news is out
    await burst(viral, 200);
    nowMs += 3_600_000;
    await burst(viral, 60);
    await burst(unaware, 20);
    expect(splits.map((split) => split.slice(0, 2))).toEqual(["13", "15"]);
    const buckets = (await viral.session.read("SELECT bucket FROM buckets WHERE channel = ?", [channel])).map(
      ({ bucket }) => String(bucket).length,
    );
    expect(new Set(buckets)).toEqual(new Set([10, 13, 15]));

    const expected = all.map(placeOf).sort().reverse();
    for (const { history } of [viral, unaware])
      for (const limit of [7, 50, 1_000]) expect([limit, await everyPage(history, channel, limit)]).toEqual([limit, expected]);
    // A late word about a message of the morning finds its bucket, wherever it stands; nobody sees it twice.
    const edited = {
      ...all[115]!,
      shown: { ...all[115]!.shown, body: "edited" },
      word: { newest: formatStamp(nowMs, 0, "us"), events: 2, revision: 2 },
    };
    await write(viral.history, [edited]);
    expect(await everyPage(viral.history, channel, 30)).toEqual(expected);
    expect((await viral.history.message(channel, placeOf(edited)))?.shown.body).toBe("edited");
    expect((await viral.history.page(channel, { limit: 400 })).find((one) => one.message === edited.message)?.shown.body).toBe("edited");
  });

  test("a channel of ten years is paged by the days that hold anything", async () => {
    const { history } = open(space());
    const channel = identity("old");
    const messages = Array.from({ length: 450 }, (_, n) => message(channel, Date.UTC(2016, 0, 1) + n * 8 * 86_400_000, "x"));
    await write(history, messages);
    expect(await everyPage(history, channel, 33)).toEqual(messages.map(placeOf).reverse());
    expect(await history.page(channel, { limit: 5, before: placeOf(messages[3]!) })).toHaveLength(3);
  });

  test("M13: the consistency of reads is switched while it runs, and what was executed is told", async () => {
    let consistency: ReadConsistency = "local-one";
    const executed: string[] = [];
    const { history } = open(space(), {
      readConsistency: () => consistency,
      answered: (operation, level) => operation === "read" && executed.push(level),
    });
    await history.versions(identity("c"), identity("m"));
    for (const next of ["quorum", "one", "local-quorum"] as const) {
      consistency = next;
      await history.versions(identity("c"), identity("m"));
    }
    expect(executed.slice(-4)).toEqual(["local-one", "quorum", "one", "local-quorum"]);
  });

  test("migrations go forward once, whoever comes at the same time; an older program beside a newer keyspace goes on", async () => {
    const keyspace = space();
    const session = (name: string) =>
      openSession({ contactPoints: [at], keyspace, readConsistency: () => "local-quorum", prepared: async () => {}, answered: () => name });
    const sessions = [session("a"), session("b"), session("c")];
    const done = await Promise.all(sessions.map((one, nth) => migrate(one, { who: `who${nth}`, pause })));
    expect(done.map(({ to }) => to)).toEqual([1, 1, 1]);
    expect(done.filter(({ steps }) => steps.length > 0)).toHaveLength(1);
    const older = open(keyspace);
    await write(older.history, [message(identity("c"), MORNING)]);
    const next = [{ version: 2, about: "one column more", statements: ["ALTER TABLE messages ADD IF NOT EXISTS erased boolean"] }];
    expect(await migrate(sessions[0]!, { who: "newer", pause, migrations: next })).toEqual({
      from: 1,
      to: 2,
      steps: [{ version: 2, about: "one column more" }],
    });
    expect(await versionOf(sessions[1]!)).toBe(2);
    await write(older.history, [message(identity("c"), MORNING + 1)]);
    expect(await older.history.page(identity("c"), { limit: 9 })).toHaveLength(2);
    await write(open(keyspace).history, [message(identity("c"), MORNING + 2)]);
    expect(await older.history.page(identity("c"), { limit: 9 })).toHaveLength(3);
    await Promise.all(sessions.map((one) => one.close()));
  });

  test("where a region may not make its tables, it says what does", async () => {
    const { session } = open(space(), { mayMigrate: false });
    await expect(session.version()).rejects.toThrow("atoll migrate");
  });

  test("P2: the repair plan begins with the hottest channels' newest partitions, as commands that nodetool takes", async () => {
    const { history, session } = open(space(), { splitBytes: 1 });
    await write(history, [message(identity("quiet"), MORNING, "x")]);
    await write(
      history,
      Array.from({ length: 50 }, (_, n) => message(identity("loud"), MORNING + n)),
    );
    const plan = await repairPlan(session);
    expect(plan.map(({ why }) => why.split(" ").slice(0, 2).join(" ").replace(/0+$/, ""))).toEqual([
      "hot: loud",
      "hot: quiet",
      "everything else,",
    ]);
    const [first] = plan;
    await nodetool(...(first?.command.split(" ").slice(1) ?? []));
  });

  test("X2: partition sizes are read out of nodetool's own words", async () => {
    const keyspace = space();
    const { history } = open(keyspace);
    await write(
      history,
      Array.from({ length: 500 }, (_, n) => message(identity("big"), MORNING + n)),
    );
    await nodetool("flush", keyspace);
    const found = parseTableHistograms(await nodetool("tablehistograms", keyspace, "messages"));
    expect(found?.partitionBytes.max).toBeGreaterThan(10_000);
    expect(found?.cellCount.max).toBeGreaterThan(100);
  });

  test("doctors are told which server answers, or that none does", async () => {
    expect(await inspectCassandra({ contactPoints: [at] })).toMatchObject({
      ok: true,
      found: expect.stringMatching(/^5\.0\.\d+ in data centre dc1$/),
    });
    const keyspace = space();
    expect(await inspectCassandra({ contactPoints: [at], keyspace })).toMatchObject({
      ok: true,
      found: expect.stringContaining(`${keyspace} not made yet`),
      mend: expect.stringContaining("atoll migrate"),
    });
    await open(keyspace).session.version();
    expect((await inspectCassandra({ contactPoints: [at], keyspace })).found).toMatch(new RegExp(`${keyspace} at version \\d+$`));
    expect(await inspectCassandra({ contactPoints: ["127.0.0.1:1"] })).toMatchObject({
      ok: false,
      mend: expect.stringContaining("--cassandra"),
    });
  });
});
