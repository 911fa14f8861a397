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
import { foreignEnvironment } from "./mesh/own-program.ts";
import { openRealTimers } from "./real-timers.ts";
import { readReady } from "./steering/look.ts";
import { openObserver } from "./steering/observer.ts";

const PROGRAM = fileURLToPath(new URL("./cli/main.ts", import.meta.url));

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
    [200, "region up\noffered no: draining\n", { found: "draining", why: "draining" }],
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
    settings: () => ({ everyMs: 20, timeoutMs: 500, rampMs: 0, redirectAfterMs: 300_000 }),
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

describe("atoll serve --role geodns", () => {
  let directory: string;
  let child: ChildProcess;
  let port: number;
  let http: number;
  const doors: Awaited<ReturnType<typeof openDoor>>[] = [];
  const start = (...args: readonly string[]) =>
    spawn(process.execPath, ["--import", "tsx", PROGRAM, "serve", "--role", "geodns", ...args], {
      env: { ...foreignEnvironment(process.env) },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });

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
    child = start("--topology", topology, "--host", "127.0.0.1", "--port", "0", "--dns-port", "0");
    for await (const line of createInterface(child.stdout!)) {
      const said = JSON.parse(line) as { readonly event: string; readonly port: number; readonly http: number };
      ({ port, http } = said);
      if (said.event === "geodns.ready") break;
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

  const metric = async (name: string, ...labels: readonly string[]): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  };

  test("is ready when it has looked at every region, and says so to whoever watches it", async () => {
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${http}/readyz`)).status).toBe(200), { timeout: 10_000 });
    const words = await (await fetch(`http://127.0.0.1:${http}/readyz?verbose`)).text();
    expect(words).toContain("[+]looked at every region\n");
    expect(words).toContain("[+]sees us up, eu up\n");
    expect((await fetch(`http://127.0.0.1:${http}/v1/regions`)).status).toBe(404);
  });

  test("sends clients to the first region that is well; not to one with a wrong clock (T2), nor to a dead one", async () => {
    await sends("us.gw.atoll.test");
    doors[0]!.says = [503, "[-]clock 3 600 000 ms ahead of the others\n"];
    await sends("eu.gw.atoll.test");
    doors[0]!.says = [200, ""];
    await sends("us.gw.atoll.test");
    expect([await metric("atoll_steering_state", 'target="us"', 'state="up"'), await metric("atoll_steering_offered_regions")]).toEqual([
      1, 2,
    ]);
    const before = {
      to: await metric("atoll_steering_decisions_total", 'to="eu"', 'by="health"'),
      asked: await metric("atoll_dns_queries_total", 'type="A"', 'rcode="NOERROR"', 'transport="udp"'),
    };
    await shut(doors[0]!.server);
    await sends("eu.gw.atoll.test");
    expect(await metric("atoll_steering_state", 'target="us"', 'state="down"')).toBe(1);
    expect(await metric("atoll_steering_state", 'target="us"', 'state="up"')).toBe(0);
    expect(await metric("atoll_steering_sight", 'target="us"', 'from="here"', 'state="down"')).toBe(1);
    expect([await metric("atoll_steering_offered_regions"), await metric("atoll_steering_share", 'target="us"')]).toEqual([1, 0]);
    // Processes that answer tell what they counted four times a second.
    await vi.waitFor(
      async () => {
        expect(await metric("atoll_steering_decisions_total", 'to="eu"', 'by="health"')).toBeGreaterThan(before.to);
        expect(await metric("atoll_dns_queries_total", 'type="A"', 'rcode="NOERROR"', 'transport="udp"')).toBeGreaterThan(before.asked);
      },
      { timeout: 10_000 },
    );
  });

  test("what is no query, and what is asked of another zone, moves its own numbers", async () => {
    const numbers = () =>
      Promise.all([metric("atoll_dns_unanswered_total"), metric("atoll_dns_queries_total", 'rcode="REFUSED"', 'type="other"')]);
    const [unanswered, refused] = await numbers();
    const socket = createSocket("udp4");
    socket.send(Buffer.from("hello"), port, "127.0.0.1");
    socket.send(packet.encode({ type: "query", id: 1, questions: [{ type: "TXT", name: "example.org" }] }), port, "127.0.0.1");
    await once(socket, "message", { signal: AbortSignal.timeout(3_000) });
    socket.close();
    await vi.waitFor(async () => expect(await numbers()).toEqual([unanswered! + 1, refused! + 1]), { timeout: 10_000 });
  });

  test("ends when whoever started it is gone", async () => {
    const exited = once(child, "exit");
    child.disconnect();
    expect((await exited)[0]).toBe(0);
  });

  test.each([
    [["--port", "0"], "ATOLL_TOPOLOGY is missing"],
    [["--topology", "/nowhere.json"], "ATOLL_TOPOLOGY cannot be read"],
    [["--topology", "/nowhere.json", "--dns-port", "70000"], "ATOLL_DNS_PORT"],
    [["--topology", "/nowhere.json", "--dns-host", "gw.example"], "ATOLL_DNS_HOST is an IPv4 or IPv6 address"],
  ])("%j is refused once and for good, with the line that mends it", async (args, said) => {
    const wrong = start(...args);
    let words = "";
    wrong.stderr!.on("data", (data: Buffer) => {
      words += data.toString();
    });
    const [code] = await once(wrong, "close");
    expect([code, words]).toEqual([2, expect.stringContaining(said)]);
  });
});
