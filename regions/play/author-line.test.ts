import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { AuthorLine } from "./author-line.ts";

let server: WebSocketServer;
let line: AuthorLine;
let door: string;
/** Commands as they came, over whichever socket. */
let heard: string[];
let again: Set<string>;
/** What waits for the end of a pause. */
let pauses: (() => void)[];
let sockets: WebSocket[];
/** What the region does when a command comes. */
let onCommand: (id: string, socket: WebSocket) => void;

const answer = (id: string, socket: WebSocket): void => socket.send(JSON.stringify({ type: "reply", id, ok: true, result: {} }));

beforeEach(async () => {
  heard = [];
  again = new Set();
  pauses = [];
  sockets = [];
  onCommand = answer;
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("message", (data: RawData) => {
      const frame = JSON.parse(String(data)) as { readonly type: string; readonly id: string };
      if (frame.type === "hello") socket.send(JSON.stringify({ type: "welcome" }));
      else {
        heard.push(frame.id);
        onCommand(frame.id, socket);
      }
    });
  });
  await once(server, "listening");
  door = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  line = new AuthorLine({ doors: [["us", door]], token: () => Promise.resolve("a token"), again, later: (run) => pauses.push(run) });
});
afterEach(() => {
  for (const socket of sockets) socket.terminate();
  server.close();
});

const open = (): number => sockets.filter((socket) => socket.readyState === socket.OPEN).length;
const ask = (id: string) => line.ask({ id, kind: "message.send" });

test("what is asked while a broken line pauses goes out with the rest over one socket, in order", async () => {
  onCommand = (_, socket) => socket.terminate();
  const asked = [ask("c1")];
  while (pauses.length === 0) await turn();
  onCommand = answer;
  asked.push(ask("c2"));
  for (const run of pauses.splice(0)) run();
  expect((await Promise.all(asked)).map(({ answer: given }) => given?.ok)).toEqual([true, true]);
  expect(heard).toEqual(["c1", "c1", "c2"]);
  expect([...again]).toEqual(["c1"]);
  expect(open()).toBe(1);
});

test("a line that is closed while it pauses stays closed", async () => {
  onCommand = (_, socket) => socket.terminate();
  void ask("c1");
  while (pauses.length === 0) await turn();
  line.close();
  for (const run of pauses.splice(0)) run();
  const next = new WebSocket(door);
  await once(next, "open"); // the region takes connections in the order they were made in
  expect(sockets.length).toBe(2);
});

test("nothing is open when the line is closed", async () => {
  await ask("c1");
  const gone = once(sockets[0] as WebSocket, "close");
  line.close();
  await gone;
  expect(open()).toBe(0);
});
