/** A TCP proxy in front of a server: it passes all on, passes it on late, or refuses. */
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";
import { freePort } from "./server.ts";

export interface SlowProxy {
  readonly port: number;
  /** Answers of the server reach the client this much later, ms. */
  delay(ms: number): void;
  /** What a client says reaches the server this much later, ms. */
  lag(ms: number): void;
  /** No connection is taken, and those there are ended. */
  refuse(): Promise<void>;
  pass(): Promise<void>;
  close(): Promise<void>;
}
export interface ProxyPlace {
  readonly address: string;
  readonly port: number;
}

/** `at`: where it listens; anywhere on loopback when absent. */
export async function slowProxy(target: ProxyPlace, at?: ProxyPlace): Promise<SlowProxy> {
  const port = at?.port ?? (await freePort());
  const address = at?.address ?? "127.0.0.1";
  const sockets = new Set<Socket>();
  let [answersMs, saidMs] = [0, 0];
  const server = createServer((client) => {
    const upstream = connect(target.port, target.address);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on(
      "data",
      late(upstream, () => saidMs),
    );
    upstream.on(
      "data",
      late(client, () => answersMs),
    );
  });
  const listen = (): Promise<void> =>
    new Promise((done, failed) => {
      server.once("error", failed);
      server.listen(port, address, () => done());
    });
  const stop = (): Promise<void> =>
    new Promise((done) => {
      if (!server.listening) return done();
      server.close(() => done());
      for (const socket of sockets) socket.destroy();
    });
  await listen();
  return {
    port,
    delay: (ms) => {
      answersMs = ms;
    },
    lag: (ms) => {
      saidMs = ms;
    },
    refuse: stop,
    pass: async () => {
      if (!server.listening) await listen();
    },
    close: stop,
  };
}

/** Passes bytes on in their order, also when the delay ends while some are under way. */
function late(to: Socket, delayMs: () => number): (bytes: Buffer) => void {
  let underWay = 0;
  let dueMs = 0;
  return (bytes) => {
    dueMs = Math.max(dueMs, performance.now() + delayMs());
    const waitMs = dueMs - performance.now();
    if (underWay === 0 && waitMs <= 0) {
      to.write(bytes);
      return;
    }
    underWay += 1;
    setTimeout(() => {
      underWay -= 1;
      if (to.writable) to.write(bytes);
    }, waitMs);
  };
}
