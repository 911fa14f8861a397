/**
 * One cluster over two data centres, a region on each (X11, M13, D8): both see everything, a lag of 200 ms between them is seen and not shown to
 * anybody, and one goes on alone when the other is lost.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HistoryBatch, MessageWrite } from "../../core/ports/history-store.ts";
import { writtenAsSent } from "../../core/ports/sent-message.test-model.ts";
import type { ReadConsistency } from "../../core/ports/store-modes.ts";
import { formatStamp } from "../../core/stamp.ts";
import type { OpenCassandra } from "../../regions/cassandra/open.ts";
import { openCassandra } from "../../regions/cassandra/open.ts";
import { promote } from "../../regions/cassandra/promote.ts";
import { markAndRead } from "../../regions/cassandra/replica-marks.ts";
import type { CassandraNode } from "../servers/cassandra.ts";
import { cassandraNode, placeNode } from "../servers/cassandra.ts";
import { cassandraMissing } from "../servers/java.ts";
import { describeWith } from "../servers/needed.ts";
import { runFolder } from "../servers/run-folder.ts";
import { freePort, until } from "../servers/server.ts";
import { type SlowProxy, slowProxy } from "../servers/slow-proxy.ts";
import { talkWith } from "./region-with-history.ts";

const identity = (name: string): string => name.padEnd(26, "0");
const CHANNEL = identity("shared");
const LAG_MS = 200;
const NOTHING: HistoryBatch = { versions: [], messages: [], conflicts: [], audit: [] };

function message(region: string, nth: number): MessageWrite {
  const born = formatStamp(Date.UTC(2026, 4, 5) + nth, 0, region);
  return writtenAsSent({ channel: CHANNEL, message: identity(`m${region}${nth}`), born, body: `${region} ${nth}`, revision: nth });
}

describeWith("Cassandra over two data centres", cassandraMissing(), () => {
  let nodes: { readonly us: CassandraNode; readonly eu: CassandraNode };
  /** What the nodes say to each other goes through these. */
  let links: readonly SlowProxy[] = [];
  let us: OpenCassandra;
  let eu: OpenCassandra;
  /** How eu reads, and at what consistency its reads were answered. */
  let reading: ReadConsistency = "local-one";
  const executed: string[] = [];

  beforeAll(async () => {
    const port = await freePort();
    const places = [
      await placeNode({ folder: `${runFolder()}/dc-us`, address: "127.0.0.1", dc: "us", port, broadcast: "127.0.1.1" }),
      await placeNode({ folder: `${runFolder()}/dc-eu`, address: "127.0.0.2", dc: "eu", port, broadcast: "127.0.1.2" }),
    ] as const;
    const seeds = places.map(({ broadcast, storagePort }) => `${broadcast}:${storagePort}`);
    links = await Promise.all(
      places.map(({ address, storagePort, broadcast = "" }) =>
        slowProxy({ address, port: storagePort }, { address: broadcast, port: storagePort }),
      ),
    );
    nodes = { us: cassandraNode(places[0], { seeds, lossySchema: true }), eu: cassandraNode(places[1], { seeds, lossySchema: true }) };
    await Promise.all([nodes.us.start(), nodes.eu.start()]);
    await until("each sees the other", async () => ((await nodes.us.nodetool("status")).match(/^UN/gm) ?? []).length === 2, 60_000);
    const open = (address: string, boot: string) =>
      openCassandra({
        contactPoints: [`${address}:${port}`],
        keyspace: "atoll",
        replication: { us: 1, eu: 1 },
        boot,
        nowMs: Date.now,
        pause,
        mayMigrate: true,
        readMs: 10_000, // across the data centres and back, on a busy machine
        ...(boot === "us"
          ? {}
          : { readConsistency: () => reading, answered: (operation, level) => void (operation === "read" && executed.push(level)) }),
      });
    us = open("127.0.0.1", "us");
    await us.session.version();
    eu = open("127.0.0.2", "eu");
    await eu.session.version();
  });
  afterAll(async () => {
    await Promise.all([us?.history.close(), eu?.history.close()]);
    await Promise.all([nodes?.us.kill().catch(() => {}), nodes?.eu.kill().catch(() => {})]);
    await Promise.all(links.map((link) => link.close()));
  });
  const bodies = async (from: OpenCassandra): Promise<readonly (string | null)[]> =>
    (await from.history.page(CHANNEL, { limit: 999 })).map(({ shown }) => shown.body);

  test("what one region writes the other reads, and how old it is when it comes is seen", async () => {
    await us.history.write({ ...NOTHING, messages: Array.from({ length: 100 }, (_, n) => message("us", n)) });
    await eu.history.write({ ...NOTHING, messages: Array.from({ length: 100 }, (_, n) => message("eu", n)) });
    const took = await until("both see both", async () => (await bodies(us)).length === 200 && (await bodies(eu)).length === 200);
    expect(await bodies(us)).toEqual(await bodies(eu));
    console.info(`writes of the other data centre were all there after ${Math.round(took)} ms`);
    const mark = (from: OpenCassandra, region: string) => markAndRead({ session: from.session, region, nowMs: Date.now });
    await mark(us, "us");
    await until("the mark of us is in eu", async () => (await mark(eu, "eu")).has("us"));
    expect((await mark(eu, "eu")).get("us")).toBeLessThan(20_000);
  });

  const lag = (ms: number): void => {
    for (const link of links) link.lag(ms);
  };

  test("M13 X11: replication takes 200 ms: pages of the local data centre lag and converge; reads across both do not, from the moment of the switch", async () => {
    lag(LAG_MS);
    let nth = 1_000;
    const writtenInUs = async (): Promise<string> => {
      nth += 1;
      await us.history.write({ ...NOTHING, messages: [message("us", nth)] });
      return `us ${nth}`;
    };
    const isSeen = async (body: string): Promise<boolean> => (await bodies(eu)).includes(body);
    // A machine that stands still for 200 ms sees nothing of it: until one write has been read too early.
    let stale = "";
    await until("a page that lags", async () => !(await isSeen((stale = await writtenInUs()))));
    await until("it converges", () => isSeen(stale));
    expect(await bodies(eu)).toEqual(await bodies(us));

    executed.length = 0;
    reading = "quorum";
    for (let writes = 0; writes < 5; writes += 1) expect(await isSeen(await writtenInUs())).toBe(true);
    expect([...new Set(executed)]).toEqual(["quorum"]);
    reading = "local-one";
    await isSeen("anything");
    expect(executed.at(-1)).toBe("local-one");

    const mark = (from: OpenCassandra, region: string) => markAndRead({ session: from.session, region, nowMs: Date.now });
    const before = (await mark(eu, "eu")).get("us") ?? Number.POSITIVE_INFINITY;
    await mark(us, "us");
    let age = before;
    await until("a newer mark of us is in eu", async () => (age = (await mark(eu, "eu")).get("us") ?? before) < before);
    expect(age).toBeGreaterThanOrEqual(LAG_MS - 50); // clocks of one machine; the mark was made at the earliest when it was sent
    lag(0);
  });

  test("M13: a region whose pages come from replicas 200 ms behind shows its people everything, their own words first", async () => {
    lag(LAG_MS);
    const { page, versions, message: one, conflicts } = eu.history;
    const talk = await talkWith({ ...us.history, page, versions, message: one, conflicts });
    await talk.say(150);
    await talk.caughtUp();
    executed.length = 0;
    for (let rounds = 0; rounds < 5; rounds += 1) {
      await talk.say(20);
      expect(await talk.pages("anywhere")).toEqual(await talk.pages("embedded"));
    }
    // Everything has been there for a while: from now on pages come from the store.
    await until("the store is read", async () => {
      await talk.say(1);
      expect(await talk.pages("anywhere")).toEqual(await talk.pages("embedded"));
      return executed.length > 20;
    });
    await talk.stop();
    lag(0);
  });

  test("D8: a data centre dies: the other writes and reads as before, its mark grows old, and one command lets it stand alone", async () => {
    const sinceMs = Date.now();
    await nodes.us.kill();
    await eu.history.write({ ...NOTHING, messages: [message("eu", 500)] });
    expect(await bodies(eu)).toContain("eu 500");
    const age = (await markAndRead({ session: eu.session, region: "eu", nowMs: Date.now })).get("us") ?? 0;
    expect(age).toBeGreaterThanOrEqual(Date.now() - sinceMs - 50);
    expect(await promote(eu.session, "eu")).toMatchObject({ keyspace: "atoll", before: { us: 1, eu: 1 }, after: { eu: 1 } });
    await expect(promote(eu.session, "us")).rejects.toThrow("no replicas in us");
    // A consistency that asks every data centre is satisfied by the one that is left.
    const all = openCassandra({
      contactPoints: [`127.0.0.2:${nodes.eu.place.port}`],
      keyspace: "atoll",
      boot: "x",
      nowMs: Date.now,
      pause,
      mayMigrate: false,
      readConsistency: () => "quorum",
    });
    expect(await bodies(all)).toEqual(await bodies(eu));
    await all.history.close();
  });
});
