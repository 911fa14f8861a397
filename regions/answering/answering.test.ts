/** A name server whose answers come from two processes, as real processes: they say the same, die alone, and end together. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { lives, NameServerProcess, until } from "./name-server.test-model.ts";

let server: NameServerProcess;
afterEach(() => server.end());
const begun = async (...args: readonly string[]): Promise<NameServerProcess> => {
  server = new NameServerProcess();
  await server.start("--dns-processes", "2", ...args);
  return server;
};
/** Each by itself: while the others are stopped, only one can answer. */
async function byEach<T>(pids: readonly number[], look: () => Promise<T>): Promise<readonly T[]> {
  const seen: T[] = [];
  for (const pid of pids) {
    const others = pids.filter((other) => other !== pid);
    for (const other of others) process.kill(other, "SIGSTOP");
    seen.push(await look());
    for (const other of others) process.kill(other, "SIGCONT");
  }
  return seen;
}
async function isFree(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  socket.bind(port, "127.0.0.1");
  const free = once(socket, "listening").then(
    () => true,
    () => false,
  );
  return free.finally(() => socket.close());
}

test("every process gives the same answer by the same places; a region that dies is named by none of them", async () => {
  await begun();
  const pids = server.answering();
  expect(pids).toHaveLength(2);
  await until("it has looked at every region", async () => (await server.door()).endsWith("\nready\n"));
  expect(await server.door()).toContain(`[+]dns port ${server.port}, 2 processes\n`);
  const both = async (): Promise<string> => `${await server.sentTo("192.0.2.0")} ${await server.sentTo("203.0.113.0")}`;
  expect(await byEach(pids, both)).toEqual(["us eu", "us eu"]);

  await server.doors.eu.shut();
  await until("nobody is sent to eu", async () => !(await server.sentToByAll(50)).has("eu"));
  expect([...(await server.sentToByAll(300))]).toEqual(["us"]);
  expect(await byEach(pids, both)).toEqual(["us us", "us us"]);
});

test("kill -9 of one: the other answers, what was counted stays counted, and the next one begins with the world as it is now", async () => {
  await begun();
  await until("nothing is as it was at the start", async () => (await server.door()).includes("[+]sees eu up, us up"));
  await server.doors.eu.shut();
  await until("nobody is sent to eu", async () => !(await server.sentToByAll(20)).has("eu"));
  const counted = (): Promise<number> => server.metric("atoll_dns_queries_total");
  await until("both have told what they counted", async () => (await counted()) >= 20);
  const before = await counted();

  const [killed, other] = server.answering() as readonly [number, number];
  process.kill(killed, "SIGKILL");
  await until("it is gone", () => !lives(killed));
  expect([...(await server.sentToByAll(20))]).toEqual(["us"]);
  await until("what the dead one counted is still there, and what the other did is added", async () => (await counted()) >= before + 20);
  await until("another answers in its place", () => server.event("answering.again"));
  const pids = server.answering();
  expect(pids).toHaveLength(2);
  expect(pids).toContain(other);
  expect(await byEach(pids, () => server.sentTo())).toEqual(["us", "us"]);
  expect(server.events("answering.ended")).toBe(1);
});

test.each(["SIGTERM", "SIGKILL"] as const)("%s of the first process: the others end, and the port is free", async (signal) => {
  await begun();
  const pids = server.answering();
  // A service manager tells everybody; the first process decides.
  for (const pid of pids) process.kill(pid, "SIGTERM");
  expect(await server.sentTo()).toBe("eu");
  expect(server.answering()).toEqual(pids);
  const exited = once(server.child, "exit");
  server.child.kill(signal);
  expect((await exited)[0]).toBe(signal === "SIGTERM" ? 0 : null);
  await until("the others have ended", () => !pids.some(lives));
  await until("the port is free", () => isFree(server.port));
  expect(server.words).toBe("");
});

test("a first process that says nothing for ten seconds is not answered for; when it goes on, so do they", async () => {
  await begun();
  server.child.kill("SIGSTOP");
  expect(await server.sentTo()).toBe("eu");
  await until("nobody answers", async () => (await server.sentTo(undefined, 6)) === "nobody");
  server.child.kill("SIGCONT");
  await until("they answer", async () => (await server.sentTo()) === "eu");
});

test("places that are broken are told of once; who is started again meanwhile waits for them, and the other goes on by the former", async () => {
  await begun();
  const [killed] = server.answering() as readonly [number, number];
  const replace = async (text: string): Promise<void> => {
    await writeFile(`${server.places}.new`, text);
    await rename(`${server.places}.new`, server.places);
  };
  await replace("nonsense\n");
  await until("it is told", () => server.event("geo.refused"));
  process.kill(killed, "SIGKILL");
  await until("who is started again says what it waits for", () => server.event("answering.waits"));
  expect(await server.door()).toMatch(/\[\+\]dns port \d+, 1 of 2 processes answer\n/);
  expect([...new Set([await server.sentTo("192.0.2.0"), await server.sentTo("192.0.2.0")])]).toEqual(["us"]);
  await replace("192.0.2.0/24,US,39,-77\n");
  await until("both answer", () => server.event("answering.again"));
  expect([server.events("geo.refused"), server.events("answering.waits")]).toEqual([1, 1]);
  expect(await byEach(server.answering(), () => server.sentTo("192.0.2.0"))).toEqual(["us", "us"]);
});

test.each([
  ["tcp", "2"],
  ["udp", "0"],
])("a port that somebody has by %s: it ends with the line that mends it (processes: %s)", async (kind, processes) => {
  const socket = createSocket("udp4");
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as { readonly port: number };
  if (kind === "udp") {
    socket.bind(port, "127.0.0.1");
    await once(socket, "listening");
    listener.close();
  }
  await begun("--dns-port", String(port), "--dns-processes", processes);
  await until("it has ended", () => server.child.exitCode !== null);
  expect([server.child.exitCode, server.words]).toEqual([2, expect.stringContaining("name another ATOLL_DNS_PORT or ATOLL_DNS_HOST")]);
  socket.close();
  listener.close();
});

test("settings of steering in the list of regions are followed while it runs: a region that comes back now takes a ramp", async () => {
  await begun("--dns-processes", "0");
  await until("both were well", async () => (await server.door()).includes("[+]sees eu up, us up"));
  await server.steer({ everyMs: 100, rampMs: 3_600_000 });
  await until("the list is followed", () => server.event("topology.changed"));
  server.doors.eu.says = "[-]draining asked to\n";
  await until("eu is offered to nobody", async () => (await server.door()).includes("[+]sees eu draining, us up"));
  expect(await server.metric("atoll_steering_share", 'target="eu"')).toBe(0);
  server.doors.eu.says = "";
  const share = await until("it is offered", async () => (await server.metric("atoll_steering_share", 'target="eu"')) || undefined);
  expect(share).toBeLessThan(0.5);
});
