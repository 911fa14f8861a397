/** Regions whose gateways are processes of their own: real processes, killed under real sockets. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ReaderLedger } from "../../regions/play/ledger.ts";
import { openReader, type Reader } from "../../regions/play/reader.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { channelOf } from "./channel.ts";
import { meetSlowReaders } from "./slow-readers.ts";
import { Socket } from "./socket.ts";
import { openTraffic } from "./traffic.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const GATEWAYS = 2;
const READERS = 6;
const SLOW_READERS = 300;
const KILLS = Number(process.env["ATOLL_GATEWAY_KILLS"] ?? 6);

describe.skipIf(server === undefined)("regions with gateways apart", () => {
  const mesh = new MeshUnderTest();
  beforeAll(async () => {
    const { code, stderr } = await mesh.up("--gateways", String(GATEWAYS));
    expect(stderr).not.toContain("failed");
    expect(code).toBe(0);
  });
  afterAll(() => mesh.remove());

  /** People who read along in us and come back with their cursors, each judged by what they hear. */
  async function readAlong(channel: string): Promise<readonly { readonly reader: Reader; readonly ledger: ReaderLedger }[]> {
    return Promise.all(
      Array.from({ length: READERS }, async (_, i) => {
        const ledger = new ReaderLedger();
        const { token } = await mesh.person(`kills-${i}`);
        const reader = await openReader({
          ...{ ws: `${mesh.url("us").replace("http", "ws")}/v1/connect`, region: "us", token, channels: [channel], onSync: () => {} },
          onEvent: ({ command, position, actor, stamp }) =>
            ledger.take({ command: `${actor} ${command}`, position, author: actor, channel, origin: stamp.slice(18), nth: undefined }),
        });
        return { reader, ledger };
      }),
    );
  }

  test("the region's port is every gateway's: sockets are spread over them, and its metrics say how many there are", async () => {
    expect((await mesh.readiness("us")).text).toContain(`gateways ${GATEWAYS} bring their sockets here`);
    expect(await mesh.metric("us", "atoll_gateways")).toBe(GATEWAYS);
    const ann = await mesh.person("ann");
    const channel = await channelOf(mesh, [ann], "spread");
    const sockets: Socket[] = [];
    for (let i = 0; i < READERS; i += 1) sockets.push(await Socket.open(mesh.url("us"), { token: ann.token, channels: [channel] }));
    const ended = new Set<Socket>();
    for (const socket of sockets) void socket.closed.then(() => ended.add(socket));
    process.kill(mesh.gatewayPid("us", 1) ?? 0, "SIGKILL");
    await until("sockets of the gateway that was killed have ended", () => ended.size > 0);
    await until("its place is taken again", async () => (await mesh.readiness("us")).text.includes(`gateways ${GATEWAYS} `));
    expect(ended.size).toBeLessThan(READERS);
    for (const socket of sockets) socket.close();
  });

  test(`${KILLS} kills -9 of gateways and two of the reconciler, in traffic: no delivery is lost, none comes twice`, async () => {
    const traffic = await openTraffic({ mesh, seed: 1, name: "kills" });
    const audience = await readAlong(traffic.channel);
    const followed = traffic.acked();
    await until("what was under way before they followed is answered", () => traffic.acked() > followed + 60);
    const before = new Set(traffic.commands());
    for (let i = 0; i < KILLS + 2; i += 1) {
      const mark = traffic.acked() + 40;
      await until("some writes are acknowledged", () => traffic.acked() >= mark);
      const victim = (): number | undefined => (i % 4 === 3 ? mesh.pid("us", "program") : mesh.gatewayPid("us", 1 + (i % GATEWAYS)));
      const pid = victim();
      process.kill(pid ?? 0, "SIGKILL");
      await until("it is started again", () => ![undefined, pid].includes(victim()));
    }
    await until("all gateways are back", async () => (await mesh.readiness("us")).text.includes(`gateways ${GATEWAYS} `));
    await traffic.stop();
    await mesh.settled();
    const { acked, lost, duplicated } = await traffic.account();
    expect(traffic.refused()).toEqual([]);
    expect({ lost, duplicated }).toEqual({ lost: [], duplicated: [] });
    const expected = [...traffic.commands()].filter((command) => !before.has(command));
    await until("every reader has everything", () => audience.every(({ ledger }) => ledger.missing(expected) === 0)).catch(
      (late: Error) => {
        const each = audience.map(({ reader, ledger }) => `${ledger.missing(expected)} (came back ${reader.reconnects()} times)`);
        throw new Error(`${late.message}; of ${expected.length} each lacks ${each.join(", ")}`);
      },
    );
    expect(audience.map(({ ledger }) => [ledger.duplicated, ledger.outOfOrder])).toEqual(audience.map(() => [0, 0]));
    const reconnects = audience.reduce((sum, { reader }) => sum + reader.reconnects(), 0);
    console.log(`${KILLS + 2} kills: ${acked} writes acknowledged and delivered to ${READERS} readers, who came back ${reconnects} times`);
    expect(reconnects).toBeGreaterThan(KILLS / 2);
    for (const { reader } of audience) reader.close();
  }, 180_000);

  test(`${SLOW_READERS} sockets that never read: each is closed by its gateway, memory stays small, who reads has everything in order`, async () => {
    const met = await meetSlowReaders({ mesh, region: "ap", sockets: SLOW_READERS, bytesEach: 10_000_000 });
    console.log(
      `${SLOW_READERS} slow readers: ${Math.round(met.grownBytes / 1e6)} MB more, all closed after ${Math.round(met.closedMs)} ms`,
    );
    expect(met.grownBytes).toBeLessThan(300e6);
    expect(met).toMatchObject({ slow: SLOW_READERS, heard: met.written, heardInOrder: true });
  }, 240_000);

  test("H10: SIGTERM of a gateway asks its clients to come back, and they find the other", async () => {
    const ann = await mesh.person("ann");
    const channel = await channelOf(mesh, [ann], "restart");
    const cursor = await ann.cursor("us");
    const pid = mesh.gatewayPid("us", 1);
    process.kill(pid ?? 0, "SIGTERM");
    const sent = await ann.surely(() => "us", {
      method: "POST",
      path: `/v1/channels/${channel}/messages`,
      key: "k",
      body: { body: "hello" },
    });
    expect(sent.status).toBe(201);
    await until("it is started again", () => ![undefined, pid].includes(mesh.gatewayPid("us", 1)));
    expect((await ann.changesSince("us", cursor)).filter(({ kind }) => kind === "message.sent")).toHaveLength(1);
  });
});
