/** A mesh whose regions keep history in a real Cassandra: it dies under a play and comes back; `atoll stores` says and switches. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keyspaceOf } from "../../regions/cassandra/access.ts";
import type { OpenCassandra } from "../../regions/cassandra/open.ts";
import { openCassandra } from "../../regions/cassandra/open.ts";
import { meshFolder, readSecret } from "../../regions/mesh/folder.ts";
import { settingsOf } from "../../regions/mesh/store-switches.ts";
import type { CassandraNode } from "../servers/cassandra.ts";
import { cassandraNode, placeNode } from "../servers/cassandra.ts";
import { cassandraMissing } from "../servers/java.ts";
import { describeWith } from "../servers/needed.ts";
import { runFolder } from "../servers/run-folder.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { bodiesIn, channelOf } from "./channel.ts";
import type { Person } from "./person.ts";

const MESSAGES = 900;
const RATE = 60;
/** What is brought into Cassandra is shared out over two reconcilers, and sockets are in a process of their own. */
const APART = ["--gateways", "1", "--reconcilers", "2"] as const;

describeWith("Cassandra under a mesh", cassandraMissing(), () => {
  const mesh = new MeshUnderTest();
  let node: CassandraNode;
  let ana: Person;
  beforeAll(async () => {
    node = cassandraNode(await placeNode({ folder: `${runFolder()}/mesh` }));
    const { code, stderr } = await mesh.up("--regions", "us,eu", "--cassandra", `127.0.0.1:${node.place.port}`, ...APART);
    expect(code, stderr).toBe(0);
    ana = await mesh.person("ana");
  });
  afterAll(async () => {
    await mesh.remove();
    await node.kill().catch(() => {});
  });

  const degraded = async (region: string): Promise<unknown> => (await ana.read(region, "/v1/sync"))["degraded"];
  const caughtUp = async (): Promise<void> => {
    let last = "";
    const holds = async (): Promise<boolean> => {
      last = (await mesh.run("stores")).stdout;
      const { regions } = JSON.parse(last) as {
        readonly regions: readonly { readonly items?: readonly { readonly state: string; readonly waiting: number }[] }[];
      };
      return regions.every(({ items }) => items?.length === 2 && items.every(({ state, waiting }) => state === "live" && waiting === 0));
    };
    await until("both regions' Cassandra has everything", holds, 60_000).catch((late: Error) => {
      throw new Error(`${late.message}: ${last}`);
    });
  };
  /** A region's keyspace, as another reader sees it. */
  function historyOf(region: string): OpenCassandra {
    const named = settingsOf({ cassandra: "" }, region, readSecret(meshFolder(mesh.data)) ?? "");
    const keyspace = named["ATOLL_CASSANDRA_KEYSPACE"] ?? keyspaceOf("atoll", region);
    return openCassandra({
      contactPoints: [`127.0.0.1:${node.place.port}`],
      keyspace,
      boot: "onlooker",
      nowMs: Date.now,
      pause,
      mayMigrate: false,
    });
  }

  let channel = "";
  test("down from the start: ready all the same, degraded said; when it comes each region's keyspace is made and filled", async () => {
    for (const region of ["us", "eu"]) {
      const { ok, text } = await mesh.readiness(region);
      expect(ok).toBe(true);
      expect(text).toMatch(/\[\+\]cassandra degraded since/);
      expect(await degraded(region)).toEqual(["cassandra"]);
    }
    channel = await channelOf(mesh, [ana]);
    for (let n = 0; n < 20; n += 1)
      await ana.surely(() => "us", {
        method: "POST",
        path: `/v1/channels/${channel}/messages`,
        key: `before-${n}`,
        body: { body: `before ${n}` },
      });
    await node.start();
    await caughtUp();
    expect(await degraded("us")).toEqual([]);
    for (const region of ["us", "eu"]) {
      const { history } = historyOf(region);
      expect(await history.page(channel.split("_")[2] ?? "", { limit: 99 })).toHaveLength(20);
      await history.close();
    }
  });

  test("it is killed in the middle of a play, and a reconciler of a share with it: 0 lost, 0 duplicated, and it is given what it missed and what it lost", async () => {
    const lines = Array.from({ length: MESSAGES }, (_, nth) => ({ channel: `c${nth % 5}`, user: `u${nth % 30}`, text: `line ${nth}` }));
    const file = join(mesh.data, "chat.jsonl");
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
    const playing = mesh.run("play", file, "--rate", String(RATE), "--edits", "0.05");
    await pause(4_000);
    await node.kill();
    await until("it is said", async () => JSON.stringify(await degraded("us")).includes("cassandra"));
    expect((await mesh.run("stores")).stdout).toContain('"unreachable"');
    expect((await bodiesIn(ana, "us", channel)).length).toBe(20);
    process.kill(mesh.sharePid("us") ?? 0, "SIGKILL");
    await node.start();
    const { code, stdout, stderr } = await playing;
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ lost: 0, duplicated: 0 });
    await caughtUp();
    await mesh.settled();
  }, 180_000);

  test("M13 P2: how history is read is switched while it runs, and what was executed shows in the metrics", async () => {
    const look = async (): Promise<void> => {
      for (let n = 0; n < 3; n += 1) await bodiesIn(ana, "us", channel);
    };
    const executed = (consistency: string): Promise<number> =>
      mesh.metric("us", "atoll_store_consistency_total", 'operation="read"', `consistency="${consistency}"`);
    await pause(2_100);
    await look();
    expect(await executed("local-one")).toBeGreaterThan(0);
    expect(await mesh.metric("us", "atoll_history_reads_total", 'by="store"')).toBeGreaterThan(0);
    expect((await mesh.run("stores", "reads", "quorum", "--region", "us")).code).toBe(0);
    await look();
    expect(await executed("quorum")).toBeGreaterThan(0);
    expect((await mesh.run("stores", "mode", "one")).code).toBe(0);
    await look();
    expect(await executed("one")).toBeGreaterThan(0);
    expect((await mesh.run("stores", "mode", "cached")).code).toBe(0);
    await look();
    expect(await mesh.metric("us", "atoll_history_reads_total", 'by="cache"')).toBeGreaterThan(0);
    expect((await mesh.run("stores", "mode", "sideways")).code).toBe(2);
    expect((await mesh.run("stores", "mode", "normal")).stdout).toContain('"mode":"normal"');
    expect((await mesh.run("stores", "repair-plan")).stdout).toContain("nodetool repair");
  });
});
