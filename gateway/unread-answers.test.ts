import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { endUnread } from "./unread-answers.ts";

const ANSWER = "x".repeat(32 * 1_048_576);
let server: Server | undefined;
let socket: Socket | undefined;
afterEach(() => {
  socket?.destroy();
  server?.closeAllConnections();
  server?.close();
});

/** A server that answers with more than any network holds, and what becomes of its next connection. */
async function answering(afterMs: number): Promise<{ readonly port: number; readonly ended: Promise<void> }> {
  const one = createServer((_request, response) => void response.end(ANSWER));
  server = one;
  endUnread(one, afterMs);
  const ended = new Promise<void>((done) => one.once("connection", (connection) => connection.once("close", () => done())));
  await new Promise<void>((listening) => one.listen(0, "127.0.0.1", listening));
  return { port: (one.address() as AddressInfo).port, ended };
}
const ask = (port: number): Socket => {
  const asking = connect(port, "127.0.0.1", () => asking.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  asking.on("error", () => undefined);
  socket = asking;
  return asking;
};

test("whoever asks and never reads is let go of, with what was kept for them", async () => {
  const { port, ended } = await answering(100);
  ask(port).pause();
  await ended;
});

test("whoever reads slowly has the whole answer", async () => {
  const { port } = await answering(2_000);
  const reader = ask(port);
  let bytes = 0;
  await new Promise<void>((done) =>
    reader.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes >= ANSWER.length) return done();
      reader.pause();
      setImmediate(() => reader.resume());
    }),
  );
  expect(reader.destroyed).toBe(false);
});
