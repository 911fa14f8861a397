/**
 * Four regions by Terraform, from the first apply to destroy, while people write: one is cut off, a fourth joins meanwhile, one is drained, then
 * removed. Real processes of this machine, as docs/operations.md tells it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VerifyReport } from "../../core/ports/boards.ts";
import { mintToken } from "../../regions/cli/mint.ts";
import { ensureKeys } from "../../regions/keys/key-folder.ts";
import { parseTopology } from "../../regions/topology.ts";
import { NETWORKS, steeredTo } from "../e2e/asked.ts";
import { atoll, until } from "../e2e/atoll.ts";
import { bodiesIn, channelOf } from "../e2e/channel.ts";
import { Person } from "../e2e/person.ts";
import { Socket } from "../e2e/socket.ts";
import { openTraffic, type Traffic } from "../e2e/traffic.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { terraform, terraformForTests, Workspace } from "./terraform.ts";

const server = existsSync("/proc/self/stat") && (await terraformForTests()) ? await serverForTests() : undefined;
const ATOLL = fileURLToPath(new URL("../../atoll", import.meta.url));
const FIRST = ["us", "eu", "ap"] as const;
const ALL = [...FIRST, "sa"] as const;
const ZONE = "atoll.test";
const CONNECTIONS_MAX = 40;
/** Five minutes of a long partition and ten of a ramp, in seconds. */
const STEERING = { everyMs: 300, redirectAfterMs: 10_000, rampMs: 10_000 };

const free = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const one = createServer()
      .once("error", () => done(false))
      .listen(port, "127.0.0.1", () => one.close(() => done(true)));
  });
async function freePorts(count: number, from: number, to: number): Promise<number> {
  for (;;) {
    const port = from + Math.floor(Math.random() * (to - from - count));
    const all = await Promise.all(Array.from({ length: count }, (_, i) => free(port + i)));
    if (all.every(Boolean)) return port;
  }
}

describe.skipIf(server === undefined)("a mesh on this machine by terraform apply", () => {
  const work = new Workspace();
  const example = work.path("examples", "local-three-regions");
  const list = join(example, "regions.json");
  const run = join(work.folder, "run");
  const keys = join(work.folder, "keys");
  let port: number;
  let base: number;
  let traffic: Traffic;
  let channel: string;
  let accepted: readonly string[];
  let args: readonly string[];

  interface Entry {
    readonly name: string;
    readonly retired?: boolean;
  }
  /** The list of regions is what operators edit; keys of what is new are made, nobody else's change. */
  async function write(...regions: readonly Entry[]): Promise<void> {
    const entries = regions.map(({ name, retired = false }, index) => ({
      ...{ name, index, retired, url: `http://127.0.0.1:${port + index}`, ws: `ws://127.0.0.1:${port + index}/v1/connect` },
      ...{ latitude: index, longitude: index },
    }));
    const text = JSON.stringify({ zone: ZONE, regions: entries, steering: STEERING });
    await ensureKeys({ topology: parseTopology(text), folder: keys, tls: false });
    writeFileSync(list, text);
  }
  const apply = () => terraform(example, "apply", "-auto-approve", "-input=false", ...args);
  const plan = () => terraform(example, "plan", "-detailed-exitcode", "-input=false", ...args);
  const pid = (region: string, what: string): number => Number(readFileSync(join(run, region, `${what}.pid`), "utf8"));
  const pids = (): readonly number[] => FIRST.flatMap((region) => ["gateway", "jetstream", "program"].map((what) => pid(region, what)));
  const nameServer = (): number => pid("geodns.d", "geodns");
  const ours = (): readonly string[] =>
    readdirSync("/proc").filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`${run}/`);
      } catch {
        return false;
      }
    });
  const url = (region: string): string => `http://127.0.0.1:${port + ALL.indexOf(region as "us")}`;
  async function tokenOf(user: string, ...roles: readonly string[]): Promise<string> {
    const secret = readFileSync(join(keys, "mesh", "auth-secret"), "utf8").trim();
    return (await mintToken(secret, { user, roles, ttlMs: 600_000 })).token;
  }
  const person = async (user: string): Promise<Person> => new Person(user, await tokenOf(user), url);
  async function verify(): Promise<VerifyReport> {
    const answer = await fetch(`${url("us")}/v1/verify`, { headers: { authorization: `Bearer ${await tokenOf("operator", "operator")}` } });
    return (await answer.json()) as VerifyReport;
  }
  const steered = async (networks = NETWORKS.slice(0, 16)): Promise<readonly string[]> =>
    Promise.all(networks.map((network) => steeredTo(base + 1_281, ZONE, network)));
  async function states(asked: string): Promise<string> {
    const answer = await fetch(`${url(asked)}/v1/regions`, { headers: { authorization: `Bearer ${await tokenOf("looks-on")}` } });
    const { items } = (await answer.json()) as { readonly items: readonly { readonly name: string; readonly state: string }[] };
    return items.map(({ name, state }) => `${name} ${state}`).join(", ");
  }
  const linkOf = async (region: string, peer: string): Promise<string> => {
    const { peers } = (await (await person("looks-on")).read(region, "/v1/sync")) as unknown as {
      readonly peers: readonly { readonly region: string; readonly state: string }[];
    };
    return peers.find((one) => one.region === peer)?.state ?? "";
  };

  beforeAll(async () => {
    port = await freePorts(4, 10_000, 19_000);
    do base = await freePorts(100, 20_000, 31_000);
    while (!(await free(base + 1_280)) || !(await free(base + 1_281)));
    const settings = JSON.stringify({ ATOLL_CONNECTIONS_MAX: String(CONNECTIONS_MAX) });
    args = Object.entries({ run_dir: run, keys_dir: keys, base_port: base, nats_server: server!.path, atoll: ATOLL, settings }).flatMap(
      ([name, value]) => ["-var", `${name}=${value}`],
    );
    await write(...FIRST.map((name) => ({ name })));
    expect((await terraform(example, "init", "-input=false")).code).toBe(0);
  });
  afterAll(async () => {
    await traffic?.stop();
    await terraform(example, "destroy", "-auto-approve", ...args);
    for (const one of ours()) process.kill(Number(one), "SIGKILL");
    work.remove();
  });

  test("three regions are applied and serve, and there is nothing left to do", async () => {
    const startMs = performance.now();
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    const seconds = (performance.now() - startMs) / 1_000;
    console.log(`three regions applied in ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(90);
    expect((await plan()).code).toBe(0);
    expect((await verify()).equal).toBe(true);
    await until("all are sent to the first of the list", async () => (await steered()).every((region) => region === "us"));
  }, 180_000);

  test("people write everywhere, and eu is cut off: it goes on, and after the threshold it is offered to nobody (T7)", async () => {
    traffic = await openTraffic({ mesh: { regions: () => FIRST, person }, seed: 7, name: "terraform", writers: 9, rate: 30 });
    await until("people write", () => traffic.acked() > 30);
    process.kill(pid("eu", "gateway"), "SIGSTOP");
    await until("us says so", async () => (await linkOf("us", "eu")) === "cut-off" && (await linkOf("eu", "us")) === "cut-off");
    // A partition is no reason to send anybody elsewhere, until it has lasted.
    expect(await states("us")).toContain("eu up");
    const somebody = await person("in-eu");
    expect((await somebody.write("eu", { method: "POST", path: "/v1/channels", key: "cut-off", body: { name: "cut off" } })).status).toBe(
      201,
    );
    await until("it has lasted too long", async () => (await states("us")).includes("eu cut-off"));
    await until("ap says so too", async () => (await states("ap")).includes("eu cut-off"));
  }, 60_000);

  test("a fourth region is one entry and joins meanwhile: only its own resources are made; after the heal all four are equal", async () => {
    const before = pids();
    await write(...FIRST.map((name) => ({ name })), { name: "sa" });
    const startMs = performance.now();
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    const seconds = (performance.now() - startMs) / 1_000;
    console.log(`a fourth region applied in ${seconds.toFixed(1)} s`);
    expect(seconds).toBeLessThan(60);
    expect(out).toMatch(/Resources: 6 added, 0 changed, 0 destroyed/);
    expect(pids()).toEqual(before);
    expect(await linkOf("us", "eu")).toBe("cut-off");
    expect(Object.keys((await verify()).regions)).toContain("sa");
    process.kill(pid("eu", "gateway"), "SIGCONT");
    const healedMs = await until("all four are equal", async () => (await verify()).equal, 60_000);
    console.log(`all four equal ${(healedMs / 1_000).toFixed(1)} s after the heal, ${traffic.acked()} commands accepted so far`);
    await until("eu and sa are live", async () => (await linkOf("eu", "sa")) === "live" && (await linkOf("sa", "eu")) === "live");
    await until("eu is offered again", async () => (await states("us")).includes("eu up"));
  }, 180_000);

  test("what is killed or changed by hand is seen in the plan and healed, that process alone", async () => {
    const before = pids();
    const named = nameServer();
    process.kill(pid("eu", "jetstream"), "SIGKILL");
    process.kill(named, "SIGKILL");
    await until("they are dead", () => !existsSync(`/proc/${before[4]}`) && !existsSync(`/proc/${named}`));
    writeFileSync(join(run, "sa", "gateway.conf"), "changed by hand");
    expect((await plan()).code).toBe(2);
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    expect((await plan()).code).toBe(0);
    expect(pids().filter((one, i) => one !== before[i])).toEqual([pid("eu", "jetstream")]);
    expect(nameServer()).not.toBe(named);
    expect((await steered()).filter((region) => region === "nobody")).toEqual([]);
    await until("all are equal again", async () => (await verify()).equal);
  }, 180_000);

  test("secrets are in no state and in no log", async () => {
    const secret = readFileSync(join(keys, "mesh", "link-secret"), "utf8").trim();
    const seeds = readFileSync(join(keys, "us", "jetstream.secrets.conf"), "utf8").match(/SU[A-Z2-7]{56}/g) ?? [];
    expect(seeds.length).toBe(1);
    const told = [readFileSync(join(example, "terraform.tfstate"), "utf8"), readFileSync(join(run, "us", "program.log"), "utf8")];
    for (const one of [secret, ...seeds]) for (const text of told) expect(text).not.toContain(one);
  });

  test("without keys the plan says which command makes them", async () => {
    const { code, out } = await terraform(example, "plan", "-input=false", ...args, "-var", `keys_dir=${join(work.folder, "nowhere")}`);
    expect(code).toBe(1);
    expect(out).toMatch(/atoll\s+keys\s+--topology/);
  });

  test("a region that is nearly full sends a share of its new clients on, and takes them again when it is not", async () => {
    const crowd = await Promise.all(Array.from({ length: CONNECTIONS_MAX - 4 }, (_, i) => tokenOf(`crowd-${i % 6}`)));
    const sockets = await Promise.all(crowd.map((token) => Socket.open(url("us"), { token })));
    const shed = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${base + 1_280}/metrics`)).text();
      return Number(/^atoll_steering_shed\{[^}]*target="us"[^}]*\} (\S+)$/m.exec(text)?.[1] ?? 0);
    };
    await until("us sheds", async () => (await shed()) > 0.5);
    // How many they are hangs on the others too: a region that is still coming back takes few of them.
    const elsewhere = (await steered(NETWORKS)).filter((region) => region !== "us").length;
    expect(elsewhere).toBeGreaterThan(0);
    expect(elsewhere).toBeLessThan(NETWORKS.length);
    for (const socket of sockets) socket.close();
    await until("us takes its clients again", async () => (await shed()) === 0 && (await steered()).every((region) => region === "us"));
  }, 60_000);

  test("drained under traffic, sa loses nothing that it accepted, is named to nobody, and is safe to stop", async () => {
    const people = await Promise.all(["ana", "eve", "bob"].map(person));
    const links = async (): Promise<readonly string[]> =>
      Promise.all(FIRST.flatMap((region) => [linkOf(region, "sa"), linkOf("sa", region)]));
    await until("sa is live both ways", async () => (await links()).every((state) => state === "live"));
    channel = await channelOf({ regions: () => ALL }, people, "in-sa", "sa");
    const sockets = await Promise.all(
      Array.from({ length: 12 }, (_, i) => Socket.open(url("sa"), { token: people[i % 3]!.token, channels: [channel] })),
    );
    let sent = 0;
    const talk = setInterval(() => {
      for (const socket of sockets.slice(0, 3))
        socket.command(`said-${(sent += 1)}`, { kind: "message.send", channel, body: `said ${sent}` });
    }, 20);
    await until("people talk in sa", () => sockets[0]!.all("reply").length > 10);
    const minted = await atoll("token", "--user", "operator", "--role", "operator", "--secret-file", join(keys, "mesh", "auth-secret"));
    const asked = ["--url", url("us"), "--token", minted.stdout.trim(), "--json"];
    const drained = await atoll("regions", "drain", "sa", "--rate", "10", "--within", "60s", ...asked);
    clearInterval(talk);
    expect(drained.code, drained.stdout + drained.stderr).toBe(0);
    expect(JSON.parse(drained.stdout).progress).toMatchObject({ connections: 0, safeToStop: true, move: { moved: 12, left: 0 } });
    expect((await Promise.all(sockets.map(({ closed }) => closed))).map(({ code }) => code)).toEqual(Array(12).fill(4_001));
    accepted = sockets.flatMap((socket) =>
      socket.all("reply").flatMap(({ ok, id }) => (ok === true ? [String(id).replace("-", " ")] : [])),
    );
    expect(accepted.length).toBeGreaterThan(30);
    expect((await steered()).includes("sa")).toBe(false);
    console.log(`${accepted.length} of ${sent} messages accepted in sa while it was drained`);
  }, 90_000);

  test("a retired region is removed and the others are not touched; its disk stays, and what it accepted is with the others", async () => {
    const before = pids();
    await write(...FIRST.map((name) => ({ name })), { name: "sa", retired: true });
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    expect(out).toMatch(/Resources: 0 added, 0 changed, 6 destroyed/);
    expect(pids()).toEqual(before);
    expect(existsSync(join(run, "sa", "state", "store", "data.mdb"))).toBe(true);
    await until("three are equal", async () => (await verify()).equal);
    const reader = await person("ana");
    for (const region of FIRST) {
      const said = new Set(await bodiesIn(reader, region, channel));
      expect(accepted.filter((text) => !said.has(text))).toEqual([]);
    }
  }, 120_000);

  test("nothing that was accepted from the first apply on is lost or stands twice, in any region", async () => {
    await traffic.stop();
    expect(traffic.refused()).toEqual([]);
    await until("three are equal", async () => (await verify()).equal);
    const account = await traffic.account();
    expect(account).toMatchObject({ lost: [], duplicated: [] });
    console.log(
      `${account.acked} commands accepted from apply to destroy, the slowest answered after ${Math.round(traffic.slowestMs())} ms`,
    );
  }, 60_000);

  test("destroy leaves no process", async () => {
    const { code, out } = await terraform(example, "destroy", "-auto-approve", ...args);
    expect(code, out).toBe(0);
    expect(ours()).toEqual([]);
  }, 120_000);
});
