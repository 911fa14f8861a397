/** L3 on real servers: what a region does at its start when its disk has lost what its peers, or its own store, still know. */
import { afterEach, describe, expect, test } from "vitest";
import { collect } from "../../core/ports/event-log.contract.ts";
import type { LogMessage } from "../../core/ports/event-log.ts";
import type { GateAnswer } from "../../core/ports/peer-link.ts";
import type { Point } from "../../core/position.ts";
import { mendEarlier, type OpenedLog, openLog } from "../../reconciliation/log-opening.ts";
import type { StoredLog } from "../../reconciliation/stored-log.ts";
import { serverForTests, startTiers, type TestTiers } from "../../test/servers/nats-tiers.ts";
import { until } from "../../test/servers/server.ts";
import type { RegionConnection } from "./connection.ts";
import { openEventLog } from "./event-log.ts";
import { askJetStream } from "./jetstream-api.ts";
import { natsShelf } from "./log-shelf.ts";
import { ensureMirror, mirrorLast } from "./mirror.ts";
import { atOrigin } from "./names.ts";
import { openPeerLink } from "./peer-link.ts";

const server = await serverForTests();

describe.skipIf(!server)("opening a region's log", () => {
  let tiers: TestTiers;
  afterEach(() => tiers?.stop());

  /** `us` with its peers, each holding a mirror of the first `count` messages of us. */
  const startMesh = async (count: number, peers: readonly string[]): Promise<RegionConnection> => {
    if (!server) throw new Error("no server");
    tiers = await startTiers(["us", ...peers], server);
    const us = await tiers.connect("us");
    const log = await openEventLog({ connection: us, origin: "us", epoch: 1 });
    await Promise.all(Array.from({ length: count }, (_, i) => log.append({ id: `m${i + 1}`, text: `["m${i + 1}"]` })));
    for (const peer of peers) {
      const connection = await tiers.connect(peer);
      openPeerLink({ connection, peers: tiers.regions.filter((region) => region !== peer) });
      await ensureMirror(connection, { origin: "us", epoch: 1, source: atOrigin("us", 1), replicas: 1 });
      await until(`${peer}'s mirror`, async () => (await mirrorLast(connection, "us", 1)) === count, 45_000);
    }
    return us;
  };
  const loseDisk = (us: RegionConnection): Promise<unknown> => askJetStream(us.nats, "$JS.API.STREAM.DELETE.OPS_us_1", {}, 2_000);
  const reopen = async (known?: Pick<Point, "epoch" | "sequence">, kept: readonly LogMessage[] = []): Promise<OpenedLog> => {
    const connection = await tiers.connect("us");
    const link = openPeerLink({ connection, peers: tiers.regions.filter((region) => region !== "us") });
    const facts = { cleanStop: false, durableAcks: true, wallMs: Date.UTC(2026, 10, 23) };
    const stored: StoredLog = {
      known: known && { ...known, place: 0 },
      opened: undefined,
      opens: async () => {},
      held: known === undefined ? [] : [{ epoch: known.epoch, first: 1, head: known.sequence }],
      read: (epoch, after) => kept.filter(({ sequence }) => epoch === known?.epoch && sequence > after),
    };
    return openLog({ shelf: natsShelf({ connection, link }), peers: link.peers, ...facts, stored });
  };
  const texts = async (opened: OpenedLog): Promise<readonly string[]> => (await collect(opened.log.read(0))).map((message) => message.text);
  const upTo = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `["m${i + 1}"]`);

  test("three regions that start together for the first time all begin with epoch 1", async () => {
    if (!server) return;
    tiers = await startTiers(["us", "eu", "ap"], server);
    const opened = await Promise.all(
      tiers.regions.map(async (region) => {
        const connection = await tiers.connect(region);
        const link = openPeerLink({ connection, peers: tiers.regions.filter((peer) => peer !== region) });
        return openLog({
          shelf: natsShelf({ connection, link }),
          peers: link.peers,
          cleanStop: false,
          durableAcks: true,
          wallMs: Date.UTC(2026, 10, 23),
        });
      }),
    );
    expect(opened.map(({ log, decided, previous }) => [log.epoch, decided, previous])).toEqual(Array(3).fill([1, "new", undefined]));
  });

  test("nothing lost: the same log goes on", async () => {
    await startMesh(20, ["eu"]);
    const opened = await reopen({ epoch: 1, sequence: 20 });
    expect(opened).toMatchObject({ decided: "same", earlier: [] });
    expect(opened.previous).toBeUndefined();
    expect(await opened.log.append({ id: "next", text: "[]" })).toBe(21);
  });

  test("L3: a log lost with its disk is written back from a peer's mirror at the same sequences, and goes on", async () => {
    const us = await startMesh(600, ["eu", "ap"]);
    await loseDisk(us);
    const opened = await reopen();
    expect(opened.decided).toBe("restore");
    expect(await texts(opened)).toEqual(upTo(600));
    expect(await opened.log.append({ id: "next", text: "[]" })).toBe(601);
    const eu = openPeerLink({ connection: await tiers.connect("eu"), peers: ["us"] });
    const came: number[] = [];
    const accept = (sequence: number): GateAnswer => {
      if (sequence !== 601 + came.length) return sequence > 600 ? "hole" : "old";
      came.push(sequence);
      return "taken";
    };
    const tail = eu.follow({ peer: "us", epoch: 1, position: () => 600 + came.length, accept, gap: () => expect.unreachable() });
    await until("eu, which had all but the last, goes on with it", () => {
      tail.heard(601);
      return came.length === 1;
    });
  });

  test("L3, H1: cut off without its tail, a region opens a new epoch; when a peer returns, the old epoch is made whole", async () => {
    const us = await startMesh(30, ["eu"]);
    await loseDisk(us);
    tiers.cut("us");
    const opened = await reopen({ epoch: 1, sequence: 28 });
    expect(opened).toMatchObject({ decided: "new", previous: { epoch: 1, sequence: 28 }, log: { epoch: 2 } });

    const crashed = await reopen({ epoch: 1, sequence: 28 });
    expect(crashed).toMatchObject({ decided: "same", previous: { epoch: 1, sequence: 28 }, log: { epoch: 2 } });
    await crashed.log.append({ id: "opened", text: "[]" });

    tiers.heal("us");
    const connection = await tiers.connect("us");
    const link = openPeerLink({ connection, peers: ["eu"] });
    await until("the old epoch is whole", async () => {
      const { earlier, isWhole } = await mendEarlier(natsShelf({ connection, link }), 2);
      return isWhole && earlier[0]?.epoch === 1 && earlier[0].head === 30;
    });
    const again = await reopen({ epoch: 2, sequence: 1 });
    expect(again.previous).toBeUndefined();
    expect(again.earlier.map((log) => [log.epoch, log.head()])).toEqual([[1, 30]]);
  });

  test("L3: what nobody but its own store has is written back at the same sequences, after what a peer kept as it was; then a new epoch begins", async () => {
    const us = await startMesh(300, ["eu"]);
    await loseDisk(us);
    const kept = Array.from({ length: 700 }, (_, i) => ({ sequence: i + 1, text: i < 300 ? "never asked for" : `["m${i + 1}"]` }));
    const opened = await reopen({ epoch: 1, sequence: 700 }, kept);
    expect(opened).toMatchObject({ decided: "new", previous: { epoch: 1, sequence: 700 }, log: { epoch: 2 } });
    expect((await collect(opened.earlier[0]!.read(0))).map(({ text }) => text)).toEqual(upTo(700));
  });

  test("L3, P1: the same while it is cut off, and again where that was cut short by another crash", async () => {
    const us = await startMesh(20, ["eu"]);
    await loseDisk(us);
    tiers.cut("us");
    const kept = upTo(40).map((text, i) => ({ sequence: i + 1, text }));
    const half = await reopen({ epoch: 1, sequence: 40 }, kept.slice(0, 10));
    expect(half.earlier[0]?.head()).toBe(10);
    const opened = await reopen({ epoch: 1, sequence: 40 }, kept);
    expect((await collect(opened.earlier[0]!.read(0))).map(({ text }) => text)).toEqual(upTo(40));
    expect(opened.previous).toEqual({ epoch: 1, sequence: 40 });
  });

  test("L3: a region that has lost everything finds its log in a peer's store, where the peer's mirror is lost too", async () => {
    if (!server) return;
    tiers = await startTiers(["us", "eu"], server);
    const long = JSON.stringify(["m".repeat(200_000)]);
    const kept = Array.from({ length: 40 }, (_, i) => ({ sequence: i + 1, text: i % 10 === 0 ? long : `["m${i + 1}"]` }));
    const stored = (): StoredLog => ({
      known: { epoch: 1, sequence: 40, place: 0 },
      opened: undefined,
      opens: async () => {},
      held: [{ epoch: 1, first: 1, head: 40 }],
      read: (_, after) => kept.slice(after),
    });
    openPeerLink({ connection: await tiers.connect("eu"), peers: ["us"], stored });
    const opened = await reopen();
    expect(opened).toMatchObject({ decided: "restore", log: { epoch: 1 } });
    expect(await texts(opened)).toEqual(kept.map(({ text }) => text));
  });
});
