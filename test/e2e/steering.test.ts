/** Operators order regions about while people talk: drain and move, restore by a ramp, override; GeoDNS dies and nobody notices. Real processes. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { NETWORKS, steeredTo } from "./asked.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { auditEntries, bodiesIn, channelOf } from "./channel.ts";
import type { Person } from "./person.ts";
import { type Closed, Socket } from "./socket.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const SOCKETS = 60;
const RATE = 30;

interface Explained {
  readonly regions: readonly { readonly name: string; readonly state: string; readonly why: string; readonly share: number }[];
  readonly scope: number;
}

describe.skipIf(server === undefined)("steering a running mesh", () => {
  const mesh = new MeshUnderTest();
  let people: readonly Person[];
  let channel: string;
  const explain = async (ip = "198.51.100.7"): Promise<Explained> => JSON.parse((await mesh.run("regions", "explain", "--ip", ip)).stdout);
  const explainedBy = async (region: string): Promise<string> => {
    const { items } = (await people[0]!.read(region, "/v1/regions?ip=198.51.100.7")) as unknown as { readonly items: Explained["regions"] };
    return items.map(({ name, state }) => `${name} ${state}`).join(", ");
  };
  const answered = (ip: string): Promise<string> => steeredTo(mesh.port + 53, "atoll.test", ip);

  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
    people = await Promise.all(["ana", "eve", "bob", "kim", "lea", "tom"].map((user) => mesh.person(user)));
    channel = await channelOf(mesh, people);
  });
  afterAll(() => mesh.remove());

  test("drained, a region asks its open sockets to move at a rate, with the list of where to; nothing accepted is lost, and it is safe to stop", async () => {
    const sockets = await Promise.all(
      Array.from({ length: SOCKETS }, (_, i) => Socket.open(mesh.url("us"), { token: people[i % 6]!.token, channels: [channel] })),
    );
    const closings: { readonly atMs: number; readonly closed: Closed }[] = [];
    for (const socket of sockets) void socket.closed.then((closed) => closings.push({ atMs: performance.now(), closed }));
    let sent = 0;
    const talk = setInterval(() => {
      for (const socket of sockets.slice(0, 6))
        socket.command(`said-${(sent += 1)}`, { kind: "message.send", channel, body: `said ${sent}` });
    }, 20);
    const orderedMs = performance.now();
    const drained = await mesh.run("regions", "drain", "us", "--rate", String(RATE), "--within", "40s");
    clearInterval(talk);
    expect(drained.code, drained.stdout + drained.stderr).toBe(0);
    expect(JSON.parse(drained.stdout).progress).toMatchObject({
      region: "us",
      drained: true,
      connections: 0,
      safeToStop: true,
      move: { ratePerSecond: RATE, left: 0 },
    });
    expect(closings.map(({ closed }) => closed.code)).toEqual(Array(SOCKETS).fill(4_001));
    // From the order on: a busy machine sees closings late, and so the first ones nearer to the last, but the last one never too early.
    const tookMs = closings.at(-1)!.atMs - orderedMs;
    expect(tookMs).toBeGreaterThan((SOCKETS / RATE) * 500);
    console.log(`${SOCKETS} sockets moved in ${Math.round(tookMs)} ms at ${RATE}/s, ${sent} commands sent meanwhile`);
    for (const socket of sockets) {
      const { regions, reconnect } = socket.all("goodbye")[0]! as unknown as {
        readonly regions: readonly { readonly name: string }[];
        readonly reconnect: boolean;
      };
      expect([reconnect, regions.at(-1)?.name]).toEqual([true, "us"]);
    }
    expect(await Promise.all(["atoll_drain_moved", "atoll_drain_left"].map((name) => mesh.metric("us", name)))).toEqual([SOCKETS, 0]);
    for (const region of mesh.regions())
      await until(
        `${region} counts it as drained`,
        async () => (await mesh.metric(region, "atoll_steering_state", 'target="us"', 'state="drained"')) === 1,
      );
    await until("no network is sent there", async () => !(await Promise.all(NETWORKS.map(answered))).includes("us"));
    await expect(Socket.open(mesh.url("us"), { token: people[0]!.token })).rejects.toThrow("503");

    const accepted = sockets.flatMap((socket) =>
      socket.all("reply").flatMap((reply) => (reply["ok"] === true ? [String(reply["id"])] : [])),
    );
    const unanswered = sockets.flatMap((socket) => socket.all("reply").filter((reply) => reply["ok"] !== true));
    expect(accepted.length).toBeGreaterThan(20);
    for (const reply of unanswered) expect(reply["error"]).toMatchObject({ retryable: true });
    expect((await mesh.run("kill", "us")).code).toBe(0);
    for (const region of ["eu", "ap"]) {
      const said = new Set(await bodiesIn(people[1]!, region, channel));
      expect(accepted.filter((id) => !said.has(id.replace("-", " ")))).toEqual([]);
    }
  }, 120_000);

  test("the order survives the region's restart and stands in every region's audit log", async () => {
    expect((await mesh.run("start", "us")).code).toBe(0);
    await until("us knows that it is drained", async () => (await explainedBy("us")).endsWith("us drained"));
    const auditor = await mesh.person("auditor", "auditor");
    for (const region of mesh.regions()) {
      const orders = (await auditEntries(auditor, region)).filter(({ kind }) => kind === "operator");
      expect(orders).toMatchObject([{ action: "drain", target: "us", drained: true, by: "atoll-operator", ratePerSecond: RATE }]);
    }
  }, 60_000);

  test("GeoDNS is killed: gateways go on with the list they have; started again by the supervisor, it knows what was ordered", async () => {
    const pid = mesh.nameServerPid()!;
    const before = await explainedBy("eu");
    process.kill(pid, "SIGKILL");
    expect(await explainedBy("eu")).toBe(before);
    await until(
      "another one answers",
      async () => mesh.nameServerPid() !== pid && (await answered("198.51.100.0").catch(() => "nobody")) !== "nobody",
    );
    await until("it sends nobody to the drained region", async () => !(await Promise.all(NETWORKS.map(answered))).includes("us"), 10_000);
  }, 60_000);

  test("restored, it comes back by a ramp whose share is shown, alike in DNS and in every gateway's answer", async () => {
    expect((await mesh.run("regions", "restore", "us")).code).toBe(0);
    await until("us is coming back", async () =>
      (await explain()).regions.some(({ name, share }) => name === "us" && share > 0 && share < 0.5),
    );
    expect(await mesh.metric("eu", "atoll_steering_share", 'target="us"')).toBeLessThan(0.5);
    await until("every gateway says so", async () =>
      (await Promise.all(mesh.regions().map(explainedBy))).every((one) => one.includes("us up")),
    );
    const told = await Promise.all(
      NETWORKS.map(
        async (network) =>
          ((await people[0]!.read("eu", `/v1/regions?ip=${network}`)) as unknown as { readonly items: Explained["regions"] }).items[0]!
            .name,
      ),
    );
    const dns = await Promise.all(NETWORKS.map(answered));
    const home = dns.filter((region) => region === "us").length;
    expect(home).toBeLessThan(NETWORKS.length / 2);
    // Two observers tick a second apart in ten minutes of a ramp: at most one network may be between them.
    expect(dns.filter((region, i) => region !== told[i]).length).toBeLessThanOrEqual(1);
    const again = await Socket.open(mesh.url("us"), { token: people[0]!.token });
    again.close();
  }, 60_000);

  test("an override beats everything for whom it names, and is taken away again; wrong ones are refused in one line", async () => {
    expect((await mesh.run("regions", "override", "198.18.7.0/24", "ap", "eu")).code).toBe(0);
    await until("DNS follows", async () => (await answered("198.18.7.0")) === "ap");
    expect((await explain("198.18.7.9")).regions[0]).toMatchObject({ name: "ap", why: "first: by override for 198.18.7.0/24" });
    expect((await explain("198.18.7.9")).scope).toBe(24);
    expect(JSON.parse((await mesh.run("regions", "overrides")).stdout).items).toMatchObject([
      { target: "198.18.7.0/24", regions: ["ap", "eu"] },
    ]);
    expect((await mesh.run("regions", "override", "198.18.7.0/24", "--remove")).code).toBe(0);
    await until("DNS follows back", async () => (await answered("198.18.7.0")) !== "ap");
    for (const [args, code, words] of [
      [["override", "198.18.7.1/24", "eu"], 2, "matches nobody"],
      [["override", "US", "xx"], 1, "There is no region"],
      [["override", "US"], 2, "no regions are named"],
      [["drain", "xx"], 1, "There is no region"],
      [["drain", "us", "--rate", "many"], 2, "is no number"],
    ] as const) {
      const ran = await mesh.run("regions", ...args);
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(words)]);
    }
    const { status } = await people[0]!.write("us", { method: "POST", path: "/v1/regions/us/drain", key: "not-mine-to-say", body: {} });
    expect(status).toBe(403);
  }, 60_000);
});
