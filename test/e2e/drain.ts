/**
 * A region's program is asked to end while commands are on their way through it. Its JetStream server is stopped for that long, so that they
 * cannot be answered before; it goes on when the program has begun to drain.
 */
import { type MeshUnderTest, until } from "./atoll.ts";
import type { Person } from "./person.ts";
import { Socket } from "./socket.ts";

export interface DrainOptions {
  readonly mesh: MeshUnderTest;
  readonly region: string;
  readonly channel: string;
  readonly people: readonly Person[];
  /** Commands that each has on the way over a socket, and as many over HTTP. */
  readonly each: number;
}
export interface Drained {
  readonly goodbyes: readonly { readonly code: unknown; readonly reconnect: unknown; readonly regions: readonly string[] }[];
  readonly closes: readonly number[];
  readonly sent: readonly string[];
  readonly acked: readonly string[];
  readonly tookMs: number;
}

export async function drain({ mesh, region, channel, people, each }: DrainOptions): Promise<Drained> {
  const sockets = await Promise.all(people.map(({ token }) => Socket.open(mesh.url(region), { token, channels: [channel] })));
  const pid = mesh.pid(region, "program") ?? 0;
  const log = mesh.pid(region, "jetstream") ?? 0;
  const sent: string[] = [];
  const acked: string[] = [];
  const named = (what: string, user: string, nth: number): string => {
    const id = `${user}-${what}-${nth}`;
    sent.push(id);
    return id;
  };
  process.kill(log, "SIGSTOP");
  const calls = people.flatMap((person, i) => {
    for (let nth = 0; nth < each; nth += 1) {
      const id = named("frame", person.user, nth);
      sockets[i]?.command(id, { kind: "message.send", channel, body: id });
    }
    sockets[i]?.send({ type: "ping" });
    return Array.from({ length: each }, async (_, nth) => {
      const key = named("call", person.user, nth);
      const answer = await person.write(region, { method: "POST", path: `/v1/channels/${channel}/messages`, key, body: { body: key } });
      if (answer.status === 201) acked.push(key);
    });
  });
  await Promise.all(sockets.map((socket) => socket.hears("pong")));
  for (const { user } of people) await (await mesh.person(user)).read(region, "/v1/sync"); // behind the calls in the program's queue

  const startMs = performance.now();
  process.kill(pid, "SIGTERM");
  await until("it takes no new connections", async () => (await mesh.readiness(region)).text.includes("fetch failed"));
  process.kill(log, "SIGCONT");
  const closes = await Promise.all(sockets.map(({ closed }) => closed));
  await Promise.allSettled(calls);
  await until("the supervisor has started it again", () => ![undefined, pid].includes(mesh.pid(region, "program")));
  await until(`${region} is ready`, () => mesh.ready(region));
  const tookMs = performance.now() - startMs;
  for (const socket of sockets) for (const reply of socket.all("reply")) if (reply["ok"] === true) acked.push(String(reply["id"]));
  return {
    goodbyes: sockets.flatMap((socket) =>
      socket.all("goodbye").map(({ code, reconnect, regions }) => ({
        code,
        reconnect,
        regions: (regions as readonly { readonly name: string }[]).map(({ name }) => name),
      })),
    ),
    closes: closes.map(({ code }) => code),
    sent,
    acked,
    tookMs,
  };
}
