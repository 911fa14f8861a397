/** Frames that are not taken, and commands that are refused: who sent them hears why, and by which of their questions. */
import { beforeAll, expect, test } from "vitest";
import { type OpenedRoom, openTestRoom, Socket, until } from "./gateway.test-model.ts";

let opened: OpenedRoom;
beforeAll(async () => {
  opened = await openTestRoom();
  return opened.close;
});

test("three bad frames are three errors and then 4400; a readable id gets a reply", async () => {
  const ana = await Socket.of(opened.url, "ana");
  for (const bad of ["{broken", '{"type":"no-such-frame"}', '{"type":"subscribe","id":"s"}']) ana.say(bad);
  expect((await until(() => ana.closed, "close")).code).toBe(4400);
  expect(ana.ofType("error").length).toBe(2);
  expect(ana.ofType("reply")).toMatchObject([{ id: "s", ok: false, error: { code: "invalid" } }]);
});

test.each([
  ["deep JSON", `{"type":"ping","x":${"[".repeat(5_000)}${"]".repeat(5_000)}}`],
  ["a prototype", '{"type":"ping","__proto__":{"a":1}}'],
  ["more than 64 KiB", JSON.stringify({ type: "ping", x: "x".repeat(70_000) })],
  ["half a surrogate pair", '{"type":"ping","x":"\\ud800"}'],
  ["null", "null"],
  ["a list", "[]"],
])("a frame of %s is an error and harms nothing", async (_what, text) => {
  const ana = await Socket.of(opened.url, "ana");
  ana.say(text);
  await ana.frame("error");
  await ana.drained();
  expect(ana.closed).toBeUndefined();
});

test("a command that is refused is no bad frame", async () => {
  const ana = await Socket.of(opened.url, "ana");
  for (let i = 0; i < 5; i += 1)
    expect(
      await ana.ask({ type: "command", command: { id: `k${i}`, kind: "message.send", channel: opened.shown, body: "" } }),
    ).toMatchObject({
      ok: false,
      error: { code: "invalid" },
    });
  expect(ana.closed).toBeUndefined();
});

test.each([
  ["half a surrogate pair", '"body":"\\ud800"'],
  ["a NUL", '"body":"\\u0000"'],
  ["a way to the prototype", '"body":"x","__proto__":{"body":"y"}'],
  ["a number that JavaScript cannot hold", '"body":"x","metadata":1e999'],
])("a command with %s in it gets its reply, as often as it is sent, and is no bad frame", async (_what, fields) => {
  const ana = await Socket.of(opened.url, "ana");
  for (let i = 0; i < 4; i += 1) {
    ana.say(`{"type":"command","id":"c${i}","command":{"id":"k${i}","kind":"message.send","channel":"${opened.shown}",${fields}}}`);
    expect(await ana.frame("reply", ({ id }) => id === `c${i}`)).toMatchObject({ ok: false, error: { code: "invalid" } });
  }
  await ana.drained();
  expect([ana.closed, ana.ofType("error")]).toEqual([undefined, []]);
});

test("a frame that is too large gets a reply where its id can be read; one that is far too large ends the line, and its sender hears why", async () => {
  const ana = await Socket.of(opened.url, "ana");
  const send = (id: string, chars: number): void =>
    ana.say({ type: "command", id, command: { id, kind: "message.send", channel: opened.shown, body: "x".repeat(chars) } });
  send("large", 70_000);
  expect(await ana.frame("reply", ({ id }) => id === "large")).toMatchObject({ ok: false, error: { code: "too-large" } });
  send("endless", 1_000_000);
  expect((await until(() => ana.closed, "close")).code).toBe(4400);
  expect([ana.ofType("error"), ana.ofType("goodbye")]).toMatchObject([[{ code: "too-large" }], [{ code: 4400, reconnect: false }]]);
});
