import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { askDoor } from "./ask.ts";

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});
async function doorOf(answer: Parameters<typeof createServer>[1]): Promise<URL> {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/readyz`);
}
const ASKING = { timeoutMs: 20_000, mostChars: 100 };

test("questions go over one connection; what is no 200 is an answer too, redirects as well", async () => {
  const sockets = new Set<Socket>();
  const statuses = [200, 503, 302];
  const url = await doorOf(({ socket }, answer) => {
    sockets.add(socket);
    answer.writeHead(statuses.shift() ?? 500, { location: "http://127.0.0.1:9/" }).end("é ready");
  });
  for (const status of [200, 503, 302]) expect(await askDoor(url, ASKING)).toEqual({ status, text: "é ready" });
  expect(sockets.size).toBe(1);
});

test("a kept connection that the door closes in the moment of the question is no dead region", async () => {
  let asked = 0;
  const url = await doorOf(({ socket }, answer) => {
    asked += 1;
    if (asked === 2) socket.destroy();
    else answer.end("ready");
  });
  for (let i = 0; i < 2; i += 1) expect((await askDoor(url, ASKING)).text).toBe("ready");
  expect(asked).toBe(3);
});

test("nobody there, no answer in time, an answer without end: each says what it is", async () => {
  const url = await doorOf((_, answer) => void answer.write("x".repeat(50)));
  await expect(askDoor(url, { ...ASKING, timeoutMs: 50 })).rejects.toMatchObject({ name: "TimeoutError" });
  server?.closeAllConnections();
  server?.close();
  await expect(askDoor(url, ASKING)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const long = await doorOf((_, answer) => void answer.end("x".repeat(101)));
  await expect(askDoor(long, ASKING)).rejects.toThrow(/longer than 100/);
});
