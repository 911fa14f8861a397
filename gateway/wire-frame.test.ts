import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { frameSocket, wireFrame } from "./wire-frame.ts";

let server: WebSocketServer | undefined;
afterEach(() => {
  for (const client of server?.clients ?? []) client.terminate();
  server?.close();
});

async function pair(options: object = {}) {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`, options);
  const [socket] = (await once(server, "connection")) as [WebSocket];
  if (client.readyState !== client.OPEN) await once(client, "open");
  const texts: string[] = [];
  const awaited = (count: number) =>
    new Promise<readonly string[]>((resolve) => {
      client.on("message", (data) => {
        texts.push(String(data));
        if (texts.length === count) resolve(texts);
      });
    });
  return { socket, client, awaited };
}

const TEXTS = [
  "",
  "x",
  "é".repeat(62),
  "x".repeat(125),
  "x".repeat(126),
  "👍".repeat(400),
  "x".repeat(65_535),
  "x".repeat(65_536),
  "x".repeat(200_000),
];

test("finished frames of every length class are read back by ws, one by one and joined", async () => {
  const { socket, awaited } = await pair();
  const beneath = frameSocket(socket);
  expect(beneath.takesBytes).toBe(true);
  const all = awaited(TEXTS.length * 2);
  for (const text of TEXTS) beneath.write(wireFrame(text).bytes);
  beneath.write(Buffer.concat(TEXTS.map((text) => wireFrame(text).bytes)));
  expect(await all).toEqual([...TEXTS, ...TEXTS]);
});

test("frames of ws itself between ours break nothing", async () => {
  const { socket, client, awaited } = await pair();
  const beneath = frameSocket(socket);
  const all = awaited(3);
  beneath.write(wireFrame("a").bytes);
  socket.ping();
  client.ping();
  socket.send("b");
  beneath.write(wireFrame("c").bytes);
  expect(await all).toEqual(["a", "b", "c"]);
});

test("where an extension is in use, or the field is gone, ws sends", async () => {
  const { socket, awaited } = await pair({ perMessageDeflate: { threshold: 0 } });
  const beneath = frameSocket(socket);
  expect(beneath.takesBytes).toBe(false);
  const all = awaited(2);
  const written = new Promise<void>((resolve) => beneath.send(wireFrame("é".repeat(200)), resolve));
  beneath.send(wireFrame("b"), () => {});
  await written;
  expect(await all).toEqual(["é".repeat(200), "b"]);
  expect(frameSocket({ extensions: "", readyState: 1, OPEN: 1 } as unknown as WebSocket).takesBytes).toBe(false);
});
