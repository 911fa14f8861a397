/** Regions on real servers: links are cut and healed by the proxies before the gateways, and everything still arrives once and in order. */
import { afterEach, describe, expect, test } from "vitest";
import { serverForTests, startTiers, type TestTiers } from "../../test/servers/nats-tiers.ts";
import { until } from "../../test/servers/server.ts";
import type { RegionConnection } from "./connection.ts";
import { type NatsEventLog, openEventLog } from "./event-log.ts";
import { askJetStream } from "./jetstream-api.ts";
import { type NatsPeerLink, openPeerLink } from "./peer-link.ts";
import { type Followed, follow } from "./test-gate.ts";

const server = await serverForTests();

interface TestRegion {
  readonly connection: RegionConnection;
  readonly link: NatsPeerLink;
  readonly log: NatsEventLog;
  followed: ReadonlyMap<string, Followed>;
}

describe.skipIf(!server)("regions that follow each other", () => {
  let tiers: TestTiers;
  const beats: NodeJS.Timeout[] = [];
  afterEach(async () => {
    for (const beat of beats.splice(0)) clearInterval(beat);
    await tiers?.stop();
  });

  const startRegion = async (region: string): Promise<TestRegion> => {
    const connection = await tiers.connect(region);
    const peers = tiers.regions.filter((peer) => peer !== region);
    const link = openPeerLink({ connection, peers });
    const log = await openEventLog({ connection, origin: region, epoch: 1 });
    const followed = new Map(peers.map((peer) => [peer, follow(link, peer)]));
    link.onBeat((peer, text) => followed.get(peer)?.tail.heard(Number(text)));
    beats.push(setInterval(() => link.beat(String(log.head())), 250));
    return { connection, link, log, followed };
  };
  const startMesh = async (regions: readonly string[]): Promise<ReadonlyMap<string, TestRegion>> => {
    if (!server) throw new Error("no server");
    tiers = await startTiers(regions, server);
    return new Map(await Promise.all(regions.map(async (region) => [region, await startRegion(region)] as const)));
  };
  const written = new Map<string, number>();
  const write = async (region: string, log: NatsEventLog, count: number): Promise<void> => {
    const from = log.head();
    await Promise.all(
      Array.from({ length: count }, (_, i) => log.append({ id: `${region}-${from + i + 1}`, text: `["${region}-${from + i + 1}"]` })),
    );
    written.set(region, log.head());
  };
  const expected = (region: string, head: number): readonly string[] => Array.from({ length: head }, (_, i) => `["${region}-${i + 1}"]`);
  const allHere = (mesh: ReadonlyMap<string, TestRegion>): boolean =>
    [...mesh].every(([here, { followed }]) =>
      [...mesh].every(([peer, { log }]) => peer === here || followed.get(peer)?.texts.length === log.head()),
    );
  const expectAllInOrder = (mesh: ReadonlyMap<string, TestRegion>): void => {
    for (const { followed } of mesh.values()) {
      for (const [peer, { texts, gaps }] of followed) {
        expect(texts).toEqual(expected(peer, mesh.get(peer)?.log.head() ?? 0));
        expect(gaps).toEqual([]);
      }
    }
  };

  test("S6, P5: both sides write while cut off; after the heal everything arrives in order, exactly once, within seconds", async () => {
    const mesh = await startMesh(["us", "eu", "ap"]);
    for (const [region, { log }] of mesh) await write(region, log, 200);
    await until("first messages everywhere", () => allHere(mesh), 30_000);

    tiers.cut("eu");
    const atCut = tiers.crossed("us", "eu");
    const cutMs = performance.now();
    for (const [region, { log }] of mesh) await write(region, log, 1_000);
    await until("us and ap have each other's messages through the cut", () => {
      const us = mesh.get("us")?.followed.get("ap")?.texts.length;
      return us === 1_200 && mesh.get("ap")?.followed.get("us")?.texts.length === 1_200;
    });
    await until("the cut has lasted", () => performance.now() - cutMs > 6_000);
    expect(mesh.get("us")?.followed.get("eu")?.texts.length).toBe(200);
    expect(mesh.get("eu")?.followed.get("us")?.texts.length).toBe(200);
    expect(tiers.crossed("us", "eu")).toBe(atCut);

    tiers.heal("eu");
    const healedMs = await until("everything everywhere", () => allHere(mesh), 30_000);
    console.info(`everything ${Math.round(healedMs)} ms after the heal`);
    expect(healedMs).toBeLessThan(15_000);
    expectAllInOrder(mesh);
  });

  test("short cuts one after another, on a slow link and while both sides write, lose and repeat nothing", async () => {
    const mesh = await startMesh(["us", "eu"]);
    tiers.delay("us", "eu", 20);
    let enough = false;
    const writing = [...mesh].map(async ([region, { log }]) => {
      while (!enough) await write(region, log, 5);
    });
    await until(
      "both follow",
      () => [...mesh.values()].every(({ followed }) => [...followed.values()].every(({ texts }) => texts.length > 20)),
      30_000,
    );
    for (const cutMs of [1_500, 400, 2_500]) {
      tiers.cut("us", "eu");
      const sinceMs = performance.now();
      await until("the cut has lasted", () => performance.now() - sinceMs > cutMs);
      const before = mesh.get("us")?.followed.get("eu")?.texts.length ?? 0;
      tiers.heal("us", "eu");
      await until("us hears eu again", () => (mesh.get("us")?.followed.get("eu")?.texts.length ?? 0) > before, 30_000);
    }
    enough = true;
    await Promise.all(writing);
    await until("everything everywhere", () => allHere(mesh), 30_000);
    expectAllInOrder(mesh);
  });

  test("P1: a region that is cut off makes streams, mirrors and consumers, restarts both its servers, and catches up after the heal", async () => {
    const mesh = await startMesh(["us", "eu"]);
    for (const [region, { log }] of mesh) await write(region, log, 50);
    await until("first messages everywhere", () => allHere(mesh), 30_000);
    const eu = mesh.get("eu");
    if (!eu) throw new Error("no eu");
    await until("eu's mirror too", async () => (await eu.followed.get("us")?.tail.mirrorHead()) === 50);
    tiers.cut("eu");
    for (const tier of ["js", "gw"] as const) {
      await tiers.kill("eu", tier);
      await tiers.start("eu", tier);
    }
    await write("eu", eu.log, 50);
    const second = await openEventLog({ connection: eu.connection, origin: "eu", epoch: 2 });
    expect(await second.append({ id: "x", text: "[]" })).toBe(1);
    const mirror = { name: "MIR_us_7", mirror: { name: "OPS_us_7", external: { api: "$JS.us.API", deliver: "deliver.eu.us" } } };
    await askJetStream(eu.connection.nats, "$JS.API.STREAM.CREATE.MIR_us_7", { ...mirror, storage: "file", retention: "limits" }, 2_000);
    const again = follow(eu.link, "us");
    eu.link.onBeat((_, text) => again.tail.heard(Number(text)));
    await until("a new reader of the mirror has what came before the cut", () => again.texts.length === 50);
    const us = mesh.get("us");
    if (us) await write("us", us.log, 50);
    tiers.heal("eu");
    await until("everything everywhere", () => allHere(mesh), 30_000);
    expectAllInOrder(mesh);
    await until("the new reader too", () => again.texts.length === 100);
  });

  test("a gate that is full is asked again later, and nothing is lost or repeated", async () => {
    const mesh = await startMesh(["us", "eu"]);
    const eu = mesh.get("eu");
    const us = mesh.get("us");
    if (!eu || !us) throw new Error("no regions");
    const taken: number[] = [];
    let room = 10;
    const tail = eu.link.follow({
      peer: "us",
      epoch: 1,
      position: () => taken.length,
      accept: (sequence) => {
        if (sequence !== taken.length + 1) return sequence <= taken.length ? "old" : "hole";
        if (taken.length >= room) return "full";
        taken.push(sequence);
        return "taken";
      },
      gap: () => expect.unreachable(),
    });
    eu.link.onBeat((_, text) => tail.heard(Number(text)));
    await write("us", us.log, 100);
    await until("the gate is full", () => taken.length === 10);
    await until("the mirror has all", async () => (await tail.mirrorHead()) === 100);
    room = 1_000;
    await until("all is taken", () => taken.length === 100);
    expect(taken).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  test("L4: where the peer's log no longer holds what is asked for, the hole is named", async () => {
    if (!server) return;
    tiers = await startTiers(["us", "eu"], server);
    const connection = await tiers.connect("us");
    const config = { name: "OPS_us_1", subjects: ["ops.us.1"], storage: "file", retention: "limits", max_msgs: 5 };
    await askJetStream(connection.nats, "$JS.API.STREAM.CREATE.OPS_us_1", config, 2_000);
    for (let i = 1; i <= 12; i += 1) await connection.nats.request("ops.us.1", `[${i}]`);
    const link = openPeerLink({ connection: await tiers.connect("eu"), peers: ["us"] });
    const { tail, texts, gaps } = follow(link, "us", 2);
    beats.push(setInterval(() => tail.heard(12), 250));
    await until("what is left has come", () => texts.length === 5);
    expect(texts).toEqual(["[8]", "[9]", "[10]", "[11]", "[12]"]);
    expect(gaps).toEqual([[2, 8]]);
  });

  test("questions are answered, refused or time out, and the answerer knows who asks", async () => {
    const mesh = await startMesh(["us", "eu"]);
    const [us, eu] = [mesh.get("us"), mesh.get("eu")];
    if (!us || !eu) throw new Error("no regions");
    eu.link.onAsked("echo", async (peer, text) => `${peer}: ${text}`);
    eu.link.onAsked("broken", () => Promise.reject(new Error("cannot say")));
    const told: string[] = [];
    eu.link.onTold("typing", (peer, text) => told.push(`${peer}: ${text}`));
    await until("eu answers", () =>
      us.link.ask("eu", "echo", "hello", 500).then(
        (answer) => answer === "us: hello",
        () => false,
      ),
    );
    await expect(us.link.ask("eu", "broken", "", 1_000)).rejects.toThrow(/cannot say/);
    await expect(us.link.ask("eu", "unheard-of", "", 500)).rejects.toThrow();
    await until("news arrive", () => {
      us.link.tell("typing", "ann");
      return told.includes("us: ann");
    });
    tiers.cut("us", "eu");
    await expect(us.link.ask("eu", "echo", "hello", 500)).rejects.toThrow();
  });

  test("A4: a peer can read this region's streams, but neither purge, delete nor change them, nor write into its log", async () => {
    const mesh = await startMesh(["us", "eu"]);
    const [us, eu] = [mesh.get("us"), mesh.get("eu")];
    if (!us || !eu) throw new Error("no regions");
    await write("us", us.log, 10);
    const ask = (subject: string, body: object): Promise<unknown> => askJetStream(eu.connection.nats, `$JS.us.API.${subject}`, body, 500);
    await until("eu can read us", () =>
      ask("STREAM.INFO.OPS_us_1", {}).then(
        () => true,
        () => false,
      ),
    );
    await expect(ask("STREAM.PURGE.OPS_us_1", {})).rejects.toThrow();
    await expect(ask("STREAM.DELETE.OPS_us_1", {})).rejects.toThrow();
    await expect(ask("STREAM.MSG.DELETE.OPS_us_1", { seq: 1 })).rejects.toThrow();
    await expect(
      ask("STREAM.UPDATE.OPS_us_1", { name: "OPS_us_1", subjects: ["x"], storage: "file", retention: "limits" }),
    ).rejects.toThrow();
    await expect(eu.connection.nats.request("ops.us.1", "[]", { timeout: 500 })).rejects.toThrow();
    await write("us", us.log, 1);
    expect(us.log.head()).toBe(11);
  });
});
