import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import packet from "dns-packet";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openRealTimers } from "./real-timers.ts";
import { readReady } from "./steering/look.ts";
import { openObserver } from "./steering/observer.ts";

const PROGRAM = fileURLToPath(new URL("./geodns-process.ts", import.meta.url));

/** A region's door: `/readyz` says what it is told to. */
async function openDoor(): Promise<{ readonly server: Server; readonly url: string; says: readonly [status: number, body: string] }> {
  const server = createServer((request, answer) => {
    const [status, body] = request.url?.startsWith("/readyz") ? door.says : ([404, ""] as const);
    answer.writeHead(status).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const door = {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    says: [200, "[+]nats ok\n"] as readonly [number, string],
  };
  return door;
}
function shut(server: Server): Promise<unknown> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  return closed;
}

describe("a region's /readyz", () => {
  test.each([
    [200, "[+]nats ok\n[+]clock 3 ms\n", { found: "ready" }],
    [200, "", { found: "ready" }],
    [503, "[+]nats ok\n[-]clock 812 ms ahead of the others\n", { found: "clock", why: "clock 812 ms ahead of the others" }],
    [503, "[-]store full\n[-]draining since 10:05\n", { found: "draining", why: "draining since 10:05" }],
    [503, "[-]offered draining\n", { found: "draining", why: "offered draining" }],
    [503, "[-]nats no server\n[-]store full", { found: "unready", why: "nats no server; store full" }],
    [200, "region up\noffered no: draining\n", { found: "draining", why: "offered no: draining" }],
    [200, "offered yes\nclock 3 ms\n", { found: "ready" }],
    [502, "<html>", { found: "unready", why: "/readyz answers 502" }],
  ])("%i %j", (status, body, look) => expect(readReady(status, body)).toEqual(look));
});

test("a region is watched from ready over draining to dead and back", async () => {
  const door = await openDoor();
  const region = { name: "us", url: door.url };
  const health = openObserver({
    regions: () => [region],
    timers: openRealTimers(),
    settings: { everyMs: 20, timeoutMs: 500, rampMs: 0, redirectAfterMs: 300_000 },
  });
  const becomes = (state: string) =>
    vi.waitFor(() => expect(health.world().health.get("us")?.state).toBe(state), { timeout: 10_000, interval: 10 });
  await becomes("up");
  door.says = [503, "[-]draining asked to\n"];
  await becomes("draining");
  door.says = [200, ""];
  await becomes("up");
  await shut(door.server);
  await becomes("down");
  expect(health.world().health.get("us")?.why).toBe("no answer (ECONNREFUSED)");
  health.close();
});

describe("the process", () => {
  let directory: string;
  let child: ChildProcess;
  let port: number;
  const doors: Awaited<ReturnType<typeof openDoor>>[] = [];
  const start = (...args: readonly string[]) =>
    spawn(process.execPath, ["--import", "tsx", PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe", "ipc"] });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "atoll-geodns-"));
    doors.push(await openDoor(), await openDoor());
    const regions = ["us", "eu"].map((name, i) => ({
      name,
      url: doors[i]!.url,
      ws: doors[i]!.url.replace("http", "ws"),
      latitude: 0,
      longitude: 0,
    }));
    const topology = join(directory, "topology.json");
    await writeFile(topology, JSON.stringify({ zone: "atoll.test", regions, steering: { everyMs: 500, rampMs: 0 } }));
    child = start("--topology", topology, "--port", "0");
    for await (const line of createInterface(child.stdout!)) {
      const said = JSON.parse(line) as { readonly msg: string; readonly port: number };
      port = said.port;
      if (said.msg === "geodns.ready") break;
    }
    child.stdout!.resume();
  });
  afterAll(async () => {
    child.kill("SIGKILL");
    await Promise.all(doors.map(({ server }) => (server.listening ? shut(server) : undefined)));
    await rm(directory, { recursive: true });
  });

  async function answered(): Promise<unknown> {
    const socket = createSocket("udp4");
    try {
      socket.send(packet.encode({ type: "query", id: 1, questions: [{ type: "A", name: "gw.atoll.test" }] }), port, "127.0.0.1");
      const [bytes] = (await once(socket, "message", { signal: AbortSignal.timeout(3_000) })) as [Buffer];
      const [first] = packet.decode(bytes).answers ?? [];
      return first?.type === "CNAME" ? first.data : first;
    } finally {
      socket.close();
    }
  }
  const sends = (name: string) => vi.waitFor(async () => expect(await answered()).toBe(name), { timeout: 20_000, interval: 50 });

  test("sends clients to the first region that is well; not to one with a wrong clock (T2), nor to a dead one", async () => {
    await sends("us.gw.atoll.test");
    doors[0]!.says = [503, "[-]clock 3 600 000 ms ahead of the others\n"];
    await sends("eu.gw.atoll.test");
    doors[0]!.says = [200, ""];
    await sends("us.gw.atoll.test");
    await shut(doors[0]!.server);
    await sends("eu.gw.atoll.test");
  });

  test("ends when whoever started it is gone", async () => {
    const exited = once(child, "exit");
    child.disconnect();
    expect((await exited)[0]).toBe(0);
  });

  test("says what is wrong with its arguments, once and for good", async () => {
    const wrong = start("--port", "0");
    let words = "";
    wrong.stderr!.on("data", (data: Buffer) => {
      words += data.toString();
    });
    const [code] = await once(wrong, "close");
    expect([code, words]).toEqual([2, "--topology FILE is missing\n"]);
  });
});
