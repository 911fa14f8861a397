/** The name server with datagrams taken by the batch, beside one that takes them by Node's way: real sockets, the same questions. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import packet from "dns-packet";
import { describe, expect, test } from "vitest";
import { type Batches, type GeoDns, openGeoDns } from "../../geodns/dns-server.ts";
import type { GeoRegion } from "../../geodns/region.ts";
import { malformed, query } from "../../geodns/respond.test-model.ts";
import { randomOf } from "../../test/simulation/random.ts";
import { openBatches } from "./batches.ts";

const regions: readonly GeoRegion[] = [
  { name: "us", url: "http://127.0.0.1:8800" },
  { name: "sa", url: "https://sa.example:444", addresses: ["192.0.2.1", "2001:db8::1"] },
];
interface Counted {
  readonly dns: GeoDns;
  /** Answers that were made in a batch. */
  inBatches: number;
}
async function opened(host: string, batches?: (port: number) => Batches | undefined): Promise<Counted> {
  const counted = { inBatches: 0 };
  const dns = await openGeoDns({
    ...{ port: 0, host, zone: "atoll.test", secret: "a secret for tests only", nowMs: () => 1_800_000_000_000, locate: () => undefined },
    world: () => ({ regions, health: new Map() }),
    batches: (port) => {
      const many = batches?.(port);
      if (many === undefined) return undefined;
      return {
        run: (answer) =>
          many.run((message, from) => {
            counted.inBatches += 1;
            return answer(message, from);
          }),
      };
    },
  });
  return Object.assign(counted, { dns });
}
async function asker(host: string): Promise<Socket> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const bound = once(socket, "listening");
  socket.bind(0, host);
  await bound;
  return socket;
}
/** Sends all at once and a last one; what has come until that is answered, is all that comes. */
async function told(socket: Socket, { port }: GeoDns, host: string, packets: readonly Buffer[]): Promise<readonly string[]> {
  const answers: string[] = [];
  const last = query({ id: 0xfffe, name: "us.gw.atoll.test" });
  const done = new Promise<void>((resolve) => {
    const heard = (answer: Buffer): void => {
      if (answer.readUInt16BE(0) !== 0xfffe) return void answers.push(answer.toString("hex"));
      socket.off("message", heard);
      resolve();
    };
    socket.on("message", heard);
  });
  for (const bytes of [...packets, last]) socket.send(bytes, port, host);
  await done;
  return answers;
}

describe.each(["127.0.0.1", "::1"])("on %s", (host) => {
  test("what is asked many at once is answered byte for byte as one by one, garbage and all, in the order in which it came", async () => {
    const [batch, plain] = [await opened(host, openBatches), await opened(host)];
    const socket = await asker(host);
    const { next } = randomOf(7);
    const names = ["gw.atoll.test", "GW.atoll.TEST", "sa.gw.atoll.test", "nowhere.atoll.test", "example.org", "_atoll.gw.atoll.test"];
    for (let round = 0; round < 20; round += 1) {
      const packets = Array.from({ length: 60 }, (_, i) =>
        next() < 0.5 ? malformed(next) : query({ id: i, name: names[i % names.length]!, type: i % 3 === 0 ? "AAAA" : "A" }),
      ).filter((bytes) => bytes.length > 1 && bytes.readUInt16BE(0) !== 0xfffe);
      const theirs = await told(socket, plain.dns, host, packets);
      expect(await told(socket, batch.dns, host, packets)).toEqual(theirs);
      expect(theirs.length).toBeGreaterThan(20);
    }
    expect(batch.inBatches).toBeGreaterThan(100);
    expect(batch.dns.counts.answered()).toEqual(plain.dns.counts.answered());
    socket.close();
    await Promise.all([batch.dns.close(), plain.dns.close()]);
  });

  test("each of many askers hears what it asked, and nobody what another did; a datagram longer than any query is passed over", async () => {
    const { dns } = await opened(host, openBatches);
    const sockets = await Promise.all(Array.from({ length: 30 }, () => asker(host)));
    const heard = sockets.map(async (socket, i) => {
      const ids = new Set<number>();
      socket.on("message", (bytes) => ids.add(packet.decode(bytes).id ?? -1));
      for (let nth = 0; nth < 20; nth += 1) socket.send(query({ id: i * 100 + nth }), dns.port, host);
      socket.send(Buffer.alloc(20_000, 0xc0), dns.port, host);
      socket.send(query({ id: i * 100 + 99 }), dns.port, host);
      while (!ids.has(i * 100 + 99)) await once(socket, "message");
      return [...ids].sort((a, b) => a - b);
    });
    for (const [i, ids] of (await Promise.all(heard)).entries())
      expect(ids).toEqual([...Array.from({ length: 20 }, (_, nth) => i * 100 + nth), i * 100 + 99]);
    for (const socket of sockets) socket.close();
    await dns.close();
  });
});

test("who asks by IPv4 at a socket of IPv6 is the IPv4 that it is", async () => {
  const seen = new Set<number>();
  const { dns } = await opened("::", (port) => {
    const many = openBatches(port)!;
    return {
      run: (answer) =>
        many.run((message, from) => {
          seen.add(from.length);
          return answer(message, from);
        }),
    };
  });
  const socket = await asker("127.0.0.1");
  const packets = Array.from({ length: 50 }, (_, id) => query({ id }));
  expect(await told(socket, dns, "127.0.0.1", packets)).toHaveLength(50);
  expect([...seen]).toEqual([4]);
  socket.close();
  await dns.close();
});

test("a socket that is not there is not taken for another", () => {
  expect(openBatches(1)).toBeUndefined();
});

test("while datagrams come without end, all else that the process does has its turns", async () => {
  const { dns } = await opened("127.0.0.1", openBatches);
  const socket = await asker("127.0.0.1");
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  // Every answer is followed by a question: there is always one more.
  socket.on("message", () => socket.send(query({ id: 1 }), dns.port, "127.0.0.1"));
  for (let i = 0; i < 200; i += 1) socket.send(query({ id: i }), dns.port, "127.0.0.1");
  await new Promise<void>((done) => {
    const look = setInterval(() => {
      if (turns < 20) return;
      clearInterval(look);
      done();
    }, 1);
  });
  clearInterval(timer);
  socket.removeAllListeners("message");
  socket.close();
  await dns.close();
});
