/**
 * A region whose door its users cannot reach, while its peers do and all links are well (T7); a list of regions that is edited wrongly while the mesh
 * runs; all regions drained; no name server at all. Real regions, their gateways as vantage points, real name servers: one by the default threshold, one by a short one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { derivedSecret, writeWhole } from "../../regions/mesh/folder.ts";
import { foreignEnvironment, ownProgram } from "../../regions/mesh/own-program.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { NETWORKS, steeredTo } from "./asked.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { type Door, openDoor } from "./closed-door.ts";
import { Socket } from "./socket.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const REDIRECT_MS = 3_000;
/** Of the name server that is not patient. What others say stays in force for 6.5 s: a busy machine makes nobody silent. */
const IMPATIENT = { everyMs: 500, timeoutMs: 5_000, redirectAfterMs: REDIRECT_MS, rampMs: 4_000 };

interface NameServer {
  readonly port: number;
  /** How it saw us stand, one after the other. */
  readonly states: readonly string[];
  /** Why it was as it stood last. */
  why(): string;
  stop(): Promise<void>;
}

interface Said {
  readonly event: string;
  readonly port: number;
  readonly http: number;
  readonly seen: string;
  readonly state: string;
  readonly why: string;
}

async function startNameServer(topology: string, secret: string): Promise<NameServer> {
  const { command, args } = ownProgram("cli/main", ["serve", "--role", "geodns", "--topology", topology]);
  const child: ChildProcess = spawn(command, [...args, "--host", "127.0.0.1", "--port", "0", "--dns-port", "0"], {
    env: { ...foreignEnvironment(process.env), ATOLL_MESH_SECRET: secret },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const states: string[] = [];
  let why = "";
  const { port, http } = await new Promise<Said>((done, failed) => {
    child.once("exit", (code) => failed(new Error(`the name server ended with ${code}`)));
    createInterface(child.stdout!).on("line", (line) => {
      const said = JSON.parse(line) as Said;
      if (said.event === "region.seen" && said.seen === "us") {
        states.push(said.state);
        why = said.why;
      }
      if (said.event === "geodns.ready") done(said);
    });
  });
  await until("it has seen every region", async () =>
    (await (await fetch(`http://127.0.0.1:${http}/readyz?verbose`)).text()).includes("sees us up, eu up, ap up"),
  );
  const gone = once(child, "exit");
  return {
    port,
    states,
    why: () => why,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

describe.skipIf(server === undefined)("a running mesh", () => {
  const mesh = new MeshUnderTest();
  const list = join(mesh.data, "topology.json");
  let door: Door;
  let impatient: NameServer;
  /** A datagram may be lost, and a busy machine be late: what is not answered is asked again. */
  const answers = (port: number): Promise<readonly string[]> =>
    Promise.all(
      NETWORKS.slice(0, 24).map((network) => {
        const ask = (): Promise<string> => steeredTo(port, "atoll.test", network);
        return ask().catch(ask).catch(ask);
      }),
    );
  const patient = (): number => mesh.port + 53;
  const allTo = (region: string) => (all: readonly string[]) => all.every((one) => one === region);

  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
    door = await openDoor(mesh.url("us"));
    writeWhole(list, readFileSync(list, "utf8").replaceAll(`${mesh.url("us")}"`, `${door.url}"`));
    const quicker = join(mesh.data, "impatient.json");
    writeWhole(quicker, JSON.stringify({ ...JSON.parse(readFileSync(list, "utf8")), steering: IMPATIENT }));
    impatient = await startNameServer(quicker, derivedSecret(readFileSync(join(mesh.data, "secret"), "utf8").trim(), "mesh content"));
    await until("both send everybody to us", async () => (await Promise.all([patient(), impatient.port].map(answers))).every(allTo("us")));
  });
  afterAll(async () => {
    await impatient?.stop();
    await mesh.remove();
    await door?.close();
  });

  test("a region that its users cannot reach, though its peers do, keeps them until the threshold; then they are sent on, and come back by a ramp (T7)", async () => {
    await until("every gateway looks through the door", async () => door.callers() >= 4);
    const closedMs = performance.now();
    door.onlyFor(["us", "ap"].map((region) => mesh.pid(region, "program")!));
    await expect(fetch(`${door.url}/healthz`)).rejects.toThrow();
    let before = 0;
    await until("nobody is sent there", async () => {
      const now = await answers(impatient.port);
      if (allTo("us")(now)) before += 1;
      return !now.includes("us");
    });
    const tookMs = performance.now() - closedMs;
    console.log(
      `sent on ${Math.round(tookMs)} ms after the door was shut; the threshold is ${REDIRECT_MS} ms; asked ${before} times before`,
    );
    expect(tookMs).toBeGreaterThan(REDIRECT_MS);
    expect(before).toBeGreaterThan(2);
    expect(impatient.states).toEqual(["up", "cut-off"]);
    const looksOn = await mesh.person("looks-on");
    await until("its links are well all the same", async () => {
      const { peers } = (await looksOn.read("us", "/v1/sync")) as unknown as { readonly peers: readonly { readonly state: string }[] };
      return peers.every(({ state }) => state === "live");
    });
    expect(allTo("us")(await answers(patient())), "five minutes are not over").toBe(true);

    door.onlyFor(undefined);
    const home = new Set<number>();
    await until("all are home again", async () => {
      const now = await answers(impatient.port);
      for (const at of home) expect(now[at], "who has come home stays").toBe("us");
      now.forEach((region, at) => void (region === "us" && home.add(at)));
      return home.size === now.length;
    });
    expect(impatient.states).toEqual(["up", "cut-off", "up"]);
    expect(impatient.why()).toContain("coming back");
  }, 120_000);

  test("a list of regions that cannot be right is followed by nobody, and each says why; put right, it is followed again", async () => {
    const right = readFileSync(list, "utf8");
    const topologyLines = async (): Promise<readonly string[]> =>
      Promise.all(mesh.regions().map(async (region) => /topology (.*)/.exec((await mesh.readiness(region)).text)?.[1] ?? ""));
    const renamed = (name: string, to: string): string => right.replace(new RegExp(`("name":\\s*)"${name}"`), `$1"${to}"`);
    for (const [wrong, words] of [
      [renamed("us", "usa"), "region us is called usa now"],
      [renamed("ap", "eu"), "region eu is in the list twice"],
      [right.slice(0, right.length / 2), "the topology is no JSON"],
      ["", "the topology is no JSON"],
    ] as const) {
      writeWhole(list, wrong);
      await until(`every region says: ${words}`, async () => (await topologyLines()).every((line) => line.includes(words)));
      expect(allTo("us")(await answers(patient()))).toBe(true);
    }
    writeWhole(list, right);
    await until("it is followed again", async () => (await topologyLines()).every((line) => line === "3 regions"));
  }, 120_000);

  test("all regions drained is none drained: everybody is still sent somewhere and let in; restored one by one", async () => {
    const ran = async (...args: readonly string[]): Promise<void> => expect((await mesh.run("regions", ...args)).code).toBe(0);
    await Promise.all(mesh.regions().map((region) => ran("drain", region, "--no-wait")));
    const person = await mesh.person("let-in");
    const explained = async (by = "us") => {
      const { items } = await person.read(by, "/v1/regions?ip=198.51.100.7");
      return items as readonly { readonly name: string; readonly state: string; readonly why: string }[];
    };
    await until("all are known to be drained", async () => (await explained()).every(({ state }) => state === "drained"));
    expect((await explained())[0]).toMatchObject({ name: "us", why: expect.stringContaining("no region is up, so all are offered") });
    await until("DNS sends everybody to the first", async () => allTo("us")(await answers(patient())));
    const written = await person.write("us", { method: "POST", path: "/v1/channels", key: "let-in", body: { name: "let in" } });
    expect(written.status).toBe(201);
    await ran("restore", "eu");
    await until("the restored one has them all", async () => allTo("eu")(await answers(patient())));
    await Promise.all(["us", "ap"].map((region) => ran("restore", region)));
    await until("all are offered, by each one's own word", async () =>
      (await Promise.all(mesh.regions().map((by) => explained(by)))).flat().every(({ state }) => state === "up"),
    );
  }, 120_000);

  test("no name server answers and a region dies: whoever was in it goes on by the list that its welcome gave it", async () => {
    const { token } = await mesh.person("goes-on");
    let opened: Socket | undefined;
    await until("ap lets people in", async () => {
      opened = await Socket.open(mesh.url("ap"), { token }).catch(() => undefined);
      return opened !== undefined;
    });
    const socket = opened!;
    const { regions } = (await socket.hears("welcome")) as unknown as { readonly regions: readonly { readonly url: string }[] };
    expect(regions.length).toBe(3);
    const named = mesh.nameServerPid()!;
    process.kill(named, "SIGSTOP");
    try {
      expect((await mesh.run("kill", "ap")).code).toBe(0);
      await socket.closed;
      await expect(steeredTo(patient(), "atoll.test", NETWORKS[0]!)).rejects.toThrow();
      let next: Socket | undefined;
      for (const { url } of regions) next ??= await Socket.open(url, { token }).catch(() => undefined);
      expect((await next!.hears("welcome"))["region"]).not.toBe("ap");
      next!.close();
    } finally {
      process.kill(named, "SIGCONT");
    }
    await until("DNS answers again, and names the dead region to nobody", async () => !(await answers(patient())).includes("ap"));
  }, 120_000);
});
