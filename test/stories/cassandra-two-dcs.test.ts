/** One cluster over two data centres, a region on each (X11, D8): both see everything, the lag is seen, and one goes on alone when the other is lost. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HistoryBatch, MessageWrite } from "../../core/ports/history-store.ts";
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

const identity = (name: string): string => name.padEnd(26, "0");
const CHANNEL = identity("shared");
const NOTHING: HistoryBatch = { versions: [], messages: [], conflicts: [], audit: [] };

function message(region: string, nth: number): MessageWrite {
  const born = formatStamp(Date.UTC(2026, 4, 5) + nth, 0, region);
  const shown = {
    author: "ana",
    body: `${region} ${nth}`,
    thread: null,
    editedAt: null,
    deleted: false,
    version: born,
    heads: [born],
    reactions: {},
    conflict: null,
  };
  return {
    channel: CHANNEL,
    message: identity(`m${region}${nth}`),
    born,
    shown,
    hidden: [],
    formerly: [],
    word: { newest: born, events: 1, revision: nth },
  };
}

describeWith("Cassandra over two data centres", cassandraMissing(), () => {
  let nodes: { readonly us: CassandraNode; readonly eu: CassandraNode };
  let us: OpenCassandra;
  let eu: OpenCassandra;

  beforeAll(async () => {
    const port = await freePort();
    const places = [
      await placeNode({ folder: `${runFolder()}/dc-us`, address: "127.0.0.1", dc: "us", port }),
      await placeNode({ folder: `${runFolder()}/dc-eu`, address: "127.0.0.2", dc: "eu", port }),
    ] as const;
    const seeds = places.map(({ address, storagePort }) => `${address}:${storagePort}`);
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
      });
    us = open("127.0.0.1", "us");
    await us.session.version();
    eu = open("127.0.0.2", "eu");
    await eu.session.version();
  });
  afterAll(async () => {
    await Promise.all([us?.history.close(), eu?.history.close()]);
    await Promise.all([nodes?.us.kill().catch(() => {}), nodes?.eu.kill().catch(() => {})]);
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
    expect(await bodies(all)).toHaveLength(201);
    await all.history.close();
  });
});
