/** A TCP proxy in front of a server: it passes all on, passes it on late, or refuses. */
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";
import { freePort } from "./server.ts";

export interface SlowProxy {
  readonly port: number;
  /** Answers of the server reach the client this much later, ms. */
  delay(ms: number): void;
  /** No connection is taken, and those there are ended. */
  refuse(): Promise<void>;
  pass(): Promise<void>;
  close(): Promise<void>;
}

export async function slowProxy(target: { readonly address: string; readonly port: number }): Promise<SlowProxy> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  let delayMs = 0;
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
    client.on("data", (bytes) => upstream.write(bytes));
    upstream.on("data", (bytes) => {
      if (delayMs === 0) client.write(bytes);
      else setTimeout(() => client.writable && client.write(bytes), delayMs);
    });
  });
  const listen = (): Promise<void> =>
    new Promise((done, failed) => {
      server.once("error", failed);
      server.listen(port, "127.0.0.1", () => done());
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
      delayMs = ms;
    },
    refuse: stop,
    pass: async () => {
      if (!server.listening) await listen();
    },
    close: stop,
  };
}
