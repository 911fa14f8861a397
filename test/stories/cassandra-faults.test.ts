/** What becomes of a region whose Cassandra dies, stands still, is slow, is not there, or comes back without what it had acknowledged. */
import { cp, readdir, rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { CassandraParts, OpenCassandra } from "../../regions/cassandra/open.ts";
import { openCassandra } from "../../regions/cassandra/open.ts";
import type { CassandraNode } from "../servers/cassandra.ts";
import { cassandraNode, placeNode } from "../servers/cassandra.ts";
import { cassandraMissing } from "../servers/java.ts";
import { describeWith } from "../servers/needed.ts";
import { runFolder } from "../servers/run-folder.ts";
import { until } from "../servers/server.ts";
import type { SlowProxy } from "../servers/slow-proxy.ts";
import { slowProxy } from "../servers/slow-proxy.ts";
import type { Talk } from "./region-with-history.ts";
import { talkWith } from "./region-with-history.ts";

/** A command waits for the log alone; whatever is wrong with Cassandra adds nothing like this. */
const QUICK_MS = 1_500;

describeWith("Cassandra", cassandraMissing(), () => {
  let node: CassandraNode;
  let proxy: SlowProxy;
  let talks: { readonly talk: Talk; readonly cassandra: OpenCassandra }[] = [];
  let spaces = 0;
  let running = false;

  beforeAll(async () => {
    const place = await placeNode({ folder: `${runFolder()}/faulty` });
    node = cassandraNode(place);
    proxy = await slowProxy(place);
  });
  afterEach(async () => {
    for (const { talk, cassandra } of talks) {
      await talk.stop();
      await cassandra.history.close();
    }
    talks = [];
    await proxy.pass();
    proxy.delay(0);
  });
  afterAll(async () => {
    await proxy.close();
    await node.kill().catch(() => {});
  });

  const open = (port: number, keyspace: string, more: Partial<CassandraParts> = {}): OpenCassandra =>
    openCassandra({ contactPoints: [`127.0.0.1:${port}`], keyspace, boot: `${port}`, nowMs: Date.now, pause, mayMigrate: true, ...more });
  async function begin({ down = false } = {}): Promise<Talk> {
    if (!down && !running) await node.start();
    running = !down;
    const cassandra = open(proxy.port, `faults_${++spaces}`);
    const talk = await talkWith(cassandra.history);
    talks.push({ talk, cassandra });
    return talk;
  }
  /**
   * The node dies at the moment of an acknowledgement and starts again where the region does not reach it: how many of the messages acknowledged
   * last have lost their versions. `power`: it goes too, and with it what of the commit log had not reached the disk.
   */
  async function killedWhileItAcknowledges(talk: Talk, power: "stays" | "goes"): Promise<number> {
    await proxy.pass();
    await talk.caughtUp();
    const before = talk.acknowledged.size;
    const killed = new Promise<void>((done) => {
      talk.onAcknowledged(() => {
        if (talk.acknowledged.size < before + 500) return;
        talk.onAcknowledged(() => {});
        void Promise.all([node.kill(), proxy.refuse()]).then(() => done());
      });
    });
    expect(await talk.say(1_000)).toBeLessThan(QUICK_MS);
    await killed;
    const acknowledged = [...talk.acknowledged].slice(-500);
    if (power === "goes") await rm(`${node.place.folder}/commitlog`, { recursive: true });
    await node.start();
    return (await withoutVersions(talk, acknowledged)).length;
  }
  async function withoutVersions(talk: Talk, messages: readonly string[]): Promise<readonly string[]> {
    const { history } = open(node.place.port, `faults_${spaces}`, { readMs: 60_000 });
    const channel = talk.channel.split("_")[2] ?? "";
    const without: string[] = [];
    for (let from = 0; from < messages.length; from += 100) {
      const some = messages.slice(from, from + 100);
      const versions = await Promise.all(some.map((message) => history.versions(channel, message)));
      without.push(...some.filter((_, nth) => versions[nth]?.length === 0));
    }
    await history.close();
    return without;
  }
  /** As an operator does while the node is down: each table's files are those of the snapshot, and the commit log is empty. */
  async function restore(keyspace: string, snapshot: string): Promise<void> {
    for (const table of await readdir(keyspace)) {
      const folder = `${keyspace}/${table}`;
      for (const one of await readdir(folder, { withFileTypes: true })) if (one.isFile()) await rm(`${folder}/${one.name}`);
      await cp(`${folder}/snapshots/${snapshot}`, folder, { recursive: true });
    }
    await rm(`${node.place.folder}/commitlog`, { recursive: true });
  }
  /** What the store says, with nothing laid over it: pages are read from it once nothing is recent. */
  async function same(talk: Talk): Promise<void> {
    await talk.caughtUp();
    await pause(2_100); // what was taken a moment ago is read from the embedded store too
    expect(await talk.pages("anywhere")).toEqual(await talk.pages("embedded"));
    const history = talks.find((one) => one.talk === talk)?.cassandra.history;
    const channel = talk.channel.split("_")[2] ?? "";
    const stored = await history?.page(channel, { limit: 50_000 });
    expect(stored?.map(({ message }) => message)).toEqual([...new Set(stored?.map(({ message }) => message))]);
    expect(stored?.length).toBe(
      (await talk.region.reader.messages({ user: "ana", roles: ["user"] }, talk.channel, { limit: 50_000 })).items.length,
    );
    for (const one of stored?.slice(0, 20) ?? []) expect((await history?.versions(channel, one.message))?.length).toBeGreaterThan(0);
  }

  test("down from the start: the region opens, commands and delivery go on, pages are read; when it comes it gets all", async () => {
    const talk = await begin({ down: true });
    expect(await talk.say(300)).toBeLessThan(QUICK_MS);
    expect(talk.told()).toBeGreaterThanOrEqual(300);
    expect(talk.state()).toBe("unreachable");
    expect(await talk.pages("anywhere")).toEqual(await talk.pages("embedded"));
    await node.start();
    running = true;
    await same(talk);
  }, 120_000);

  test("SIGKILL, and a power cut after it, take back what Cassandra had acknowledged; the region brings all of it again", async () => {
    const talk = await begin();
    await talk.say(100);
    for (const power of ["stays", "goes"] as const) {
      const lost = await killedWhileItAcknowledges(talk, power);
      console.info(`SIGKILL, power ${power}: versions of ${lost} of the last 500 acknowledged messages are gone`);
      if (power === "goes") expect(lost).toBeGreaterThan(0);
      await proxy.pass();
      await same(talk);
      expect(await withoutVersions(talk, [...talk.acknowledged])).toEqual([]);
    }
    expect(talk.refilled()).toBeGreaterThan(0);
  }, 180_000);

  test("D8: restored from a snapshot of before: what has come since is brought again", async () => {
    const talk = await begin();
    await talk.say(200);
    await talk.caughtUp();
    await node.nodetool("snapshot", "-t", "before", `faults_${spaces}`);
    await talk.say(300);
    await talk.caughtUp();
    await Promise.all([node.kill(), proxy.refuse()]);
    await restore(`${node.place.folder}/data/faults_${spaces}`, "before");
    await node.start();
    const lost = await withoutVersions(talk, [...talk.acknowledged]);
    expect(lost.length).toBeGreaterThanOrEqual(300);
    await proxy.pass();
    await same(talk);
    expect(await withoutVersions(talk, [...talk.acknowledged])).toEqual([]);
  });

  test("SIGSTOP for a while: nobody waits for it, and it catches up", async () => {
    const talk = await begin();
    await talk.say(50);
    await talk.caughtUp();
    node.hold();
    try {
      expect(await talk.say(200)).toBeLessThan(QUICK_MS);
      await until("it is found out of reach", () => talk.state() === "unreachable", 20_000);
      expect(await talk.say(200)).toBeLessThan(QUICK_MS);
      const startMs = performance.now();
      expect(await talk.pages("anywhere")).toEqual(await talk.pages("embedded"));
      expect(performance.now() - startMs).toBeLessThan(QUICK_MS);
    } finally {
      node.release();
    }
    await same(talk);
  });

  test("answers that take two seconds: commands do not notice, pages come from the embedded store, what waits is brought slowly", async () => {
    const talk = await begin();
    await talk.say(50);
    await talk.caughtUp();
    await pause(2_100);
    proxy.delay(2_000);
    expect(await talk.say(100)).toBeLessThan(QUICK_MS);
    const startMs = performance.now();
    expect(await talk.pages("anywhere")).toEqual(await talk.pages("embedded"));
    expect(performance.now() - startMs).toBeLessThan(5_000); // one read is waited for, a second long; the others are spared
    expect(await talk.say(100)).toBeLessThan(QUICK_MS);
    proxy.delay(0);
    await same(talk);
  });

  test("somebody drops the keyspace under a running region: its tables are made again and filled", async () => {
    const talk = await begin();
    await talk.say(200);
    await talk.caughtUp();
    await talks[0]?.cassandra.session.run(`DROP KEYSPACE faults_${spaces}`);
    await talk.say(20);
    await until("it is noticed", () => talk.refilled() >= 200, 30_000).catch((late: Error) => {
      throw new Error(`${late.message}: ${talk.failures.join(" / ")}`);
    });
    await same(talk);
  });
});
