import { createHmac, randomUUID } from "node:crypto";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Opened } from "./gateway.test-model.ts";
import { openTestGateway, SECRET, tokenOf, until } from "./gateway.test-model.ts";

let opened: Opened;
let room = "";
let one = "";
const tokens: Record<string, string> = {};
beforeAll(async () => {
  opened = await openTestGateway();
  room = `/v1/channels/${opened.region.shown(opened.region.channel("room", { ana: "owner", member: "member" }))}`;
  for (const user of ["ana", "member", "stranger"]) tokens[user] = await tokenOf(user);
  tokens["auditor"] = await tokenOf("auditor", { roles: ["auditor"] });
  const { body } = await call("POST", `${room}/messages`, { body: { body: "first" } });
  one = `${room}/messages/${body["id"]}`;
});
afterAll(async () => {
  expect(opened.errors).toEqual([]);
  await opened.gateway.close();
});

interface Sent {
  readonly user?: string;
  readonly token?: string | null;
  readonly body?: unknown;
  readonly raw?: string | Buffer;
  readonly key?: string;
}
async function call(method: string, path: string, { user = "ana", token = tokens[user] ?? "", body, raw, key }: Sent = {}) {
  const headers = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(key === undefined ? {} : { "idempotency-key": key }),
  };
  const answer = await fetch(opened.url + path, {
    method,
    headers,
    body: raw ?? (body === undefined ? null : JSON.stringify(body)),
    redirect: "manual",
  });
  const text = await answer.text();
  const json = (answer.headers.get("content-type") ?? "").includes("json") ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: answer.status, headers: answer.headers, text, body: json };
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const later = Math.floor(Date.now() / 1000) + 3600;
function signed(secret: string, claims: object): string {
  const text = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
const good = () => tokens["ana"] ?? "";
test.each<[string, () => string | null]>([
  ["no token", () => null],
  ["no JWT", () => "rosebud"],
  ["alg none", () => `${base64url({ alg: "none" })}.${base64url({ sub: "ana", exp: later })}.`],
  ["alg nOnE under the old signature", () => `${base64url({ alg: "nOnE" })}.${good().split(".").slice(1).join(".")}`],
  [
    "another user under the old signature",
    () => [good().split(".")[0], base64url({ sub: "root", exp: later }), good().split(".")[2]].join("."),
  ],
  ["a cut signature", () => good().slice(0, -4)],
  ["an empty secret", () => signed("", { sub: "ana", exp: later })],
  ["a guessed secret", () => signed("secret", { sub: "ana", exp: later })],
  ["no end", () => signed(SECRET, { sub: "ana" })],
  ["a sub that is a number", () => signed(SECRET, { sub: 7, exp: later })],
  ["a sub that is no id", () => signed(SECRET, { sub: "a|b", exp: later })],
  ["roles that are no list", () => signed(SECRET, { sub: "ana", exp: later, roles: "auditor" })],
])("a token with %s opens nothing", async (_what, token) => {
  const answer = await call("GET", "/v1/channels", { token: token() });
  expect([answer.status, answer.body["code"], answer.headers.get("www-authenticate")]).toEqual([
    401,
    "unauthenticated",
    'Bearer realm="atoll"',
  ]);
});

const TWINS = ["y", "z"].map((value) => ({ stamp: "0199c3a4e2b1-0003-us", value }));
const post = (what: string, sent: Sent, code = "invalid"): Row => [what, "POST", () => `${room}/messages`, sent, code];
const raw = (what: string, text: string | Buffer, code = "invalid"): Row => post(what, { raw: text }, code);
const json = (what: string, body: unknown, code = "invalid"): Row => post(what, { body }, code);
type Row = readonly [what: string, method: string, path: () => string, sent: Sent, code: string];
const rows: readonly Row[] = [
  ["a stranger reads", "GET", () => `${room}/messages`, { user: "stranger" }, "not-found"],
  post("a stranger sends", { user: "stranger", body: { body: "let me in" } }, "not-found"),
  ["a member makes themselves the owner", "PUT", () => `${room}/members/member`, { user: "member", body: { role: "owner" } }, "forbidden"],
  ["a member edits another's message", "PATCH", () => one, { user: "member", body: { body: "mine" } }, "forbidden"],
  ["a user reads the audit log", "GET", () => "/v1/audit/entries", {}, "forbidden"],
  ["a user asks for a verdict on the regions", "GET", () => "/v1/verify", {}, "forbidden"],
  ["an unknown channel", "GET", () => "/v1/channels/chn_nowhere", {}, "not-found"],
  ["an unknown message", "GET", () => `${room}/messages/msg_us_nothing`, {}, "not-found"],
  ["an unknown conflict", "POST", () => "/v1/conflicts/cfl_x/restore", { body: { version: "0199c3a4e2b1-0003-us" } }, "not-found"],
  ["an unknown path", "GET", () => "/v1/nothing-here", {}, "not-found"],
  raw("broken JSON", '{"body":"x"'),
  raw("an empty body", ""),
  raw("an array", '["body"]'),
  raw("null", "null"),
  raw("no UTF-8", Buffer.from([0x7b, 0x22, 0x62, 0x6f, 0x64, 0x79, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d])),
  raw("the text in __proto__", '{"__proto__":{"body":"polluted"}}'),
  raw("the text in constructor.prototype", '{"constructor":{"prototype":{"body":"polluted"}}}'),
  raw("JSON 60,000 deep", `{"body":${"[".repeat(60_000)}${"]".repeat(60_000)}}`),
  json("metadata with one key in two forms of Unicode", { body: "x", metadata: { "\u00e9": 1, "e\u0301": 2 } }),
  json("a number as text", { body: 7 }),
  json("an operator as text", { body: { $gt: "" } }),
  json("no text", {}),
  json("empty text", { body: "" }),
  json("text of 16,385 bytes", { body: "x".repeat(16_385) }, "too-large"),
  json("16,386 bytes in 5,462 characters", { body: "€".repeat(5_462) }, "too-large"),
  json("metadata of 5,000 bytes", { body: "x", metadata: { a: "x".repeat(5_000) } }, "too-large"),
  json("a request of 4 MB", { body: "x".repeat(4_000_000) }, "too-large"),
  ["a number as name", "POST", () => "/v1/channels", { body: { name: 7 } }, "invalid"],
  ["a channel without a name", "POST", () => "/v1/channels", { body: {} }, "invalid"],
  ["a name of blanks", "POST", () => "/v1/channels", { body: { name: "  " } }, "invalid"],
  ["an unknown policy", "POST", () => "/v1/channels", { body: { name: "x", policy: "newest" } }, "invalid"],
  ["a channel id of 10,000 characters", "POST", () => "/v1/channels", { body: { name: "x", id: "c".repeat(10_000) } }, "invalid"],
  ["a change of nothing", "PATCH", () => room, { body: {} }, "invalid"],
  ["an unknown role", "PUT", () => `${room}/members/member`, { body: { role: "king" } }, "invalid"],
  ["a path with a NUL", "GET", () => "/v1/channels/a%00b", {}, "invalid"],
  ["a path that is no percent-encoding", "GET", () => "/v1/channels/%E0%A4%A", {}, "invalid"],
  ["a path id of 4,000 characters", "GET", () => `/v1/channels/${"c".repeat(4_000)}`, {}, "not-found"],
  ["an emoji of 4,000 characters", "PUT", () => `${one}/reactions/${"x".repeat(4_000)}`, {}, "invalid"],
  ["an emoji with a bar", "PUT", () => `${one}/reactions/a%7Cb`, {}, "invalid"],
  post("a key of 129 characters", { key: "k".repeat(129), body: { body: "x" } }),
  post("a key with a blank", { key: "a b", body: { body: "x" } }),
  ["a negative limit", "GET", () => `${room}/messages?limit=-1`, {}, "invalid"],
  ["a limit of 0", "GET", () => `${room}/messages?limit=0`, {}, "invalid"],
  ["a limit of 501", "GET", () => `${room}/messages?limit=501`, {}, "invalid"],
  ["a limit that is a word", "GET", () => `${room}/messages?limit=many`, {}, "invalid"],
  ...["0x10", "1e2", "%205", "%2B5", "5.0", "5%20", "0b1"].map(
    (odd): Row => [`a limit written ${odd}`, "GET", () => `/v1/channels?limit=${odd}`, {}, "invalid"],
  ),
  ["a limit that is nothing", "GET", () => `${room}/messages?limit=`, {}, "invalid"],
  ["a cursor that is none", "GET", () => "/v1/changes?cursor=%7Bnonsense", {}, "invalid"],
  ["before that is neither id nor time", "GET", () => `${room}/messages?before=%00nonsense`, {}, "invalid"],
  ["replaces that is no list", "PATCH", () => one, { body: { body: "x", replaces: 7 } }, "invalid"],
  ["a preview of two versions with one stamp", "POST", () => "/v1/conflicts/preview", { body: { base: "x", versions: TWINS } }, "invalid"],
  ["a preview of nothing", "POST", () => "/v1/conflicts/preview", { body: { base: 7, versions: "none" } }, "invalid"],
  ["presence of nobody", "GET", () => "/v1/presence", {}, "invalid"],
  ["conflicts of a state that is none", "GET", () => "/v1/conflicts?state=open,closed", {}, "invalid"],
  ["a method the path does not have", "POST", () => "/v1/sync", { body: {} }, "method-not-allowed"],
  ["deleting the list of channels", "DELETE", () => "/v1/channels", {}, "method-not-allowed"],
];
test.each(rows)("%s is refused in words a program can read", async (_what, method, path, sent, code) => {
  const answer = await call(method, path(), sent);
  expect(answer.body).toMatchObject({
    code,
    status: answer.status,
    title: expect.any(String),
    detail: expect.any(String),
    retryable: false,
  });
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.has("allow")).toBe(code === "method-not-allowed");
  expect(answer.text.length).toBeLessThan(1_000);
});

test("a limit is described as the number it is read as", async () => {
  const { paths } = (await call("GET", "/openapi.json")).body as { paths: Record<string, { get: { parameters: readonly object[] } }> };
  expect(paths["/v1/channels"]?.get.parameters).toContainEqual({
    name: "limit",
    in: "query",
    schema: { type: "integer", minimum: 1, maximum: 500, default: 50 },
  });
});

test("T3: the same key gives the same answer, and says so; with other content it is a conflict", async () => {
  const key = randomUUID();
  const send = (body: string) => call("POST", `${room}/messages`, { key, body: { body } });
  const [first, again, other] = [await send("once"), await send("once"), await send("twice")];
  expect([first.status, again.status, first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")]).toEqual([
    201,
    201,
    null,
    "true",
  ]);
  expect(again.body).toEqual(first.body);
  expect([other.status, other.body["code"]]).toEqual([409, "conflict-of-command"]);
  expect((await call("GET", "/metrics")).text).toMatch(/^atoll_duplicates_total\{source="command",region="us"\} [1-9]/m);
});

test("history comes with the channel's watermark and a cursor from which /v1/changes goes on", async () => {
  const { body: before } = await call("GET", `${room}/messages`);
  expect(before).toMatchObject({
    items: expect.any(Array),
    next: null,
    sync: { channel: room.split("/").at(-1) },
    cursor: expect.any(String),
  });
  expect((await call("GET", "/v1/changes")).body).toMatchObject({ items: [], complete: true, gaps: [] });
  for (const body of ["one", "two", "three"]) await call("POST", `${room}/messages`, { body: { body } });
  const first = (await call("GET", `/v1/changes?limit=2&cursor=${before["cursor"]}`)).body as {
    items: { data: { body: string } }[];
    cursor: string;
    complete: boolean;
  };
  expect([first.items.map(({ data }) => data.body), first.complete]).toEqual([["one", "two"], false]);
  const rest = (await call("GET", `/v1/changes?cursor=${first.cursor}&channels=${room.split("/").at(-1)}`)).body as typeof first;
  expect([rest.items.map(({ data }) => data.body), rest.complete]).toEqual([["three"], true]);
});

test("a preview shows every policy's outcome", async () => {
  const versions = [
    { stamp: "0199c3a4e2b1-0003-us", value: "a" },
    { stamp: "0199c3a4e2b2-0000-eu", value: "b", distrusted: true },
  ];
  const { body } = await call("POST", "/v1/conflicts/preview", { body: { base: "x", versions } });
  expect(body).toMatchObject({
    outcomes: {
      lww: { value: "a", winner: versions[0]?.stamp },
      merge: { value: expect.stringMatching(/^(ab|ba)$/), rule: "merge", losers: [] },
      "keep-both": { values: ["a", "b"] },
    },
  });
  const deleted = await call("POST", "/v1/conflicts/preview", {
    body: { base: "x", versions: [{ stamp: "0199c3a4e2b0-0000-us", value: null }, versions[1]] },
  });
  expect(deleted.body).toMatchObject({
    outcomes: { lww: { value: null, rule: "delete-final" }, merge: { value: null, rule: "delete-final" } },
  });
  const [us, eu] = versions.map(({ stamp }) => stamp);
  const words = async (base: string | null) =>
    (
      await call("POST", "/v1/conflicts/preview", {
        body: {
          base,
          versions: [
            { stamp: us, value: "one two and" },
            { stamp: eu, value: "zero one two" },
          ],
        },
      })
    ).body;
  expect(await words("one two")).toMatchObject({
    outcomes: { merge: { value: "zero one two and", winner: eu, losers: [], rule: "merge" } },
  });
  expect(await words(null)).toMatchObject({ outcomes: { merge: { value: "zero one two", losers: [us], rule: "lww" } } });
});

test("pages, health and readiness need no token; a region that is not ready says 503 and why", async () => {
  for (const path of ["/docs", "/console/"]) {
    const page = await call("GET", path, { token: null });
    expect([page.status, page.headers.get("content-type"), page.text.startsWith("<!doctype html>")]).toEqual([
      200,
      "text/html; charset=utf-8",
      true,
    ]);
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
  }
  expect((await call("GET", "/readyz?verbose", { token: null })).text).toMatch(/^\[\+\]nats ok\n(\[\+\]gateways [^\n]+\n)?ready\n$/);
  const sick = await openTestGateway({ readiness: () => [{ name: "store", ok: false, detail: "disk full" }] });
  const answer = await fetch(`${sick.url}/readyz?verbose`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toMatch(/^\[-\]store disk full\n(\[\+\]gateways [^\n]+\n)?not ready\n$/);
  await sick.gateway.close();
});

test("too many commands: 429 with Retry-After", async () => {
  const slow = await openTestGateway({ limits: { commandsPerSecond: 1 } });
  const send = () =>
    fetch(`${slow.url}/v1/channels`, { method: "POST", headers: { authorization: `Bearer ${good()}` }, body: '{"name":"x"}' });
  const answers: Response[] = [];
  for (let i = 0; i < 4; i += 1) answers.push(await send());
  const last = answers.at(-1) as Response;
  expect([last.status, Number(last.headers.get("retry-after")) >= 1]).toEqual([429, true]);
  expect(await last.json()).toMatchObject({ code: "too-many-requests", retryable: true });
  await slow.gateway.close();
});

test.each(["GET // HTTP/1.1", "GET /v1/connect?%zz HTTP/1.1", "GET http://[ HTTP/1.1"])(
  "an upgrade with the address of %s harms nothing",
  async (line) => {
    const socket = connect(opened.gateway.port, "127.0.0.1");
    let isOver = false;
    socket.on("close", () => {
      isOver = true;
    });
    socket.on("error", () => {});
    socket.write(
      `${line}\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await until(() => socket.bytesRead > 0 || isOver, "an answer");
    socket.destroy();
    expect((await call("GET", "/healthz")).status).toBe(200);
  },
);
