import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Acceptor } from "../../core/ports/acceptor.ts";
import type { RegionRanking } from "../../core/ports/boards.ts";
import { FakeRegion } from "../fake-region.test-model.ts";
import type { Opened } from "../gateway.test-model.ts";
import { edgeParts, openTestGateway, Socket, TRUNK_KEY, tokenOf, until } from "../gateway.test-model.ts";
import { openGateway } from "../server.ts";
import { KEY_HEADER, TRUNK_PATH, TRUNK_PROTOCOL } from "../trunk/words.ts";
import { type Edge, openEdge } from "./edge.ts";

let core: Opened;
let edges: Edge[];
let channel: string;
const asked: (string | undefined)[] = [];
/** Commands wait for this before they are answered. */
let hold: Promise<void> | undefined;
let held: boolean;

beforeEach(async () => {
  edges = [];
  asked.splice(0);
  hold = undefined;
  held = false;
  const region = new FakeRegion();
  const submit: Acceptor["submit"] = async (actor, command) => {
    held = true;
    await hold;
    return region.acceptor.submit(actor, command);
  };
  const rank: RegionRanking["rank"] = (ip) => {
    asked.push(ip);
    return { items: [{ name: "eu", url: "http://127.0.0.1", state: "live", why: "near" }], scope: 0, ttl: 30 };
  };
  core = await openTestGateway({ trunk: { key: TRUNK_KEY, only: true }, ranking: { rank }, acceptor: { submit } }, region);
  channel = core.region.channel("room", { ana: "owner", ben: "member" });
});
afterEach(async () => {
  for (const edge of edges) await edge.close();
  await core.gateway.close();
});

async function open(limits: object = {}): Promise<{ readonly edge: Edge; readonly url: string }> {
  const edge = await openEdge({ ...edgeParts(core.parts, core.url), limits });
  edges.push(edge);
  await until(() => edge.state.up, "a trunk");
  return { edge, url: `http://127.0.0.1:${edge.port}` };
}
const shown = (): string => core.region.shown(channel);
const say = (body: string) => core.region.apply(channel, { kind: "message.sent", actor: "ana", data: { body } });
const bearer = async (user: string) => ({ authorization: `Bearer ${await tokenOf(user)}` });

test("several gateways of one region: each delivers to its own, and a person is online until the last connection ends", async () => {
  const [one, two] = [await open(), await open()];
  const ana = await Socket.of(one.url, "ana", { channels: [shown()] });
  const ben = await Socket.of(two.url, "ben", { channels: [shown()] });
  await Promise.all([ana.drained(), ben.drained()]);
  say("for both");
  await ana.frame("event");
  await ben.frame("event");
  expect([...core.boards.announced.values()].map(({ user }) => user).sort()).toEqual(["ana", "ben"]);
  await ben.end();
  await until(() => core.boards.announced.size === 1, "ben has left");
  expect(core.gateway.connections()).toBe(1);
});

test("a gateway that dies takes its lines along, and whoever comes back with their cursor misses nothing", async () => {
  const [one, two] = [await open(), await open()];
  const ben = await Socket.of(one.url, "ben", { channels: [shown()] });
  say("before");
  const { cursor } = (await ben.frame("event")) as unknown as { cursor: string };
  await one.edge.close();
  await until(() => ben.closed, "the socket is gone");
  await until(() => core.boards.announced.size === 0, "nobody is said to be there");
  say("while nobody was there");
  const again = await Socket.of(two.url, "ben", { channels: [shown()], cursor });
  await again.drained();
  expect(again.events()).toHaveLength(1);
});

test("a reconciler that is lost: clients are asked to come back, calls say unavailable, and the gateway finds the next one by itself", async () => {
  const { edge, url } = await open();
  const ana = await Socket.of(url, "ana", { channels: [shown()] });
  const port = core.gateway.port;
  await core.gateway.close();
  await until(() => ana.closed, "a goodbye");
  expect(ana.closed).toMatchObject({ code: 4000 });
  expect(ana.ofType("goodbye")).toMatchObject([{ reconnect: true, regions: [{ name: "eu" }] }]);
  const call = await fetch(`${url}/v1/channels`, { headers: await bearer("ana") });
  expect([call.status, call.headers.get("retry-after"), ((await call.json()) as { code: string }).code]).toEqual([503, "1", "unavailable"]);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const next = await openGateway({ ...core.parts, port });
  await until(() => edge.state.up, "the trunk again");
  await Socket.of(url, "ana", { channels: [shown()] });
  await next.close();
});

test("H10: a gateway that is asked to go lets its lines go when nothing of them waits for its answer", async () => {
  const { edge, url } = await open();
  const ana = await Socket.of(url, "ana", { channels: [shown()] });
  let release = (): void => {};
  hold = new Promise((done) => {
    release = done;
  });
  const reply = ana.ask({ type: "command", command: { id: "k1", kind: "message.send", channel: shown(), body: "the last word" } });
  await until(() => held, "the command is under way");
  const gone = edge.drain();
  release();
  expect(await reply).toMatchObject({ ok: true });
  await gone;
  expect(ana.ofType("goodbye")).toMatchObject([{ code: 4000 }]);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});

test("a gateway that leaves is gone with its last socket, and asks no clock when that is", async () => {
  let asksClock = false;
  const timers = {
    ...core.parts.timers,
    after: (...asked: Parameters<typeof core.parts.timers.after>) => {
      if (!asksClock) return core.parts.timers.after(...asked);
      return { cancel: () => {} };
    },
  };
  const edge = await openEdge({ ...edgeParts(core.parts, core.url), timers });
  edges.push(edge);
  await until(() => edge.state.up, "a trunk");
  const ana = await Socket.of(`http://127.0.0.1:${edge.port}`, "ana", { channels: [shown()] });
  asksClock = true;
  await edge.drain();
  expect([edge.sockets(), ana.ofType("goodbye")]).toMatchObject([0, [{ code: 4000 }]]);
});

test("pages of a gateway take the methods that a region's take, and a HEAD has no body", async () => {
  const { edge, url } = await open();
  const asked = async (base: string, path: string, method: string) => {
    const answer = await fetch(`${base}${path}`, { method });
    const text = await answer.text();
    const code = answer.headers.get("content-type") === "application/problem+json" ? (JSON.parse(text) as { code: string }).code : text;
    return [answer.status, answer.headers.get("allow"), answer.headers.get("retry-after"), answer.headers.get("content-type"), code];
  };
  for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    expect([method, await asked(url, "/healthz", method)]).toEqual([method, await asked(core.url, "/healthz", method)]);
  expect((await asked(url, "/healthz", "POST")).slice(0, 3)).toEqual([405, "GET, HEAD", null]);
  for (const path of ["/metrics/gateway", "/readyz"]) expect((await asked(url, path, "POST"))[0]).toBe(405);
  await core.gateway.close();
  await until(() => !edge.state.up, "the reconciler is gone");
  for (const path of ["/healthz", "/metrics/gateway", "/readyz"])
    expect([path, ...(await asked(url, path, "POST")).slice(0, 3)]).toEqual([path, 405, "GET, HEAD", null]);
});

test("the caller's address is the client's, and nobody but a gateway is believed about it", async () => {
  const { url } = await open();
  const headers = { ...(await bearer("ana")), "x-forwarded-for": "203.0.113.9" };
  await fetch(`${url}/v1/regions`, { headers });
  expect(asked.at(-1)).toBe("127.0.0.1");
  await fetch(`${url}/v1/regions`, { headers: { ...headers, [KEY_HEADER]: TRUNK_KEY.replace(/./g, "0") } });
  expect(asked.at(-1)).toBe("127.0.0.1");
});

test("a reconciler behind gateways answers nobody else, but for what says how it is", async () => {
  const headers = await bearer("ana");
  expect((await fetch(`${core.url}/v1/channels`, { headers })).status).toBe(403);
  expect((await fetch(`${core.url}/v1/channels`, { headers: { ...headers, [KEY_HEADER]: TRUNK_KEY } })).status).toBe(200);
  for (const path of ["/healthz", "/readyz", "/metrics"]) expect((await fetch(`${core.url}${path}`)).status).toBe(200);
  const socket = new WebSocket(`${core.url.replace("http", "ws")}/v1/connect`, "atoll.v1");
  await expect(new Promise((_, fail) => socket.once("error", fail))).rejects.toThrow("403");
});

test.each([
  ["a wrong key", { [KEY_HEADER]: TRUNK_KEY.replace(/./g, "0") }, TRUNK_PROTOCOL, "ATOLL_MESH_SECRET"],
  ["a key as long in letters and longer in bytes", { [KEY_HEADER]: "é".repeat(TRUNK_KEY.length) }, TRUNK_PROTOCOL, "ATOLL_MESH_SECRET"],
  ["no key", {}, TRUNK_PROTOCOL, "ATOLL_MESH_SECRET"],
  ["another version's language", { [KEY_HEADER]: TRUNK_KEY }, "atoll.trunk.0", TRUNK_PROTOCOL],
])("a trunk with %s is refused, and told why", async (_what, headers, protocol, words) => {
  const socket = new WebSocket(`${core.url.replace("http", "ws")}${TRUNK_PATH}`, protocol, { headers });
  const said = await new Promise<string>((done, fail) => {
    socket.once("unexpected-response", (_request, response) => {
      const text: Buffer[] = [];
      response.on("data", (bytes: Buffer) => text.push(bytes)).once("end", () => done(Buffer.concat(text).toString()));
    });
    socket.once("open", () => fail(new Error("it was let in")));
  });
  expect(said).toContain(words);
});

test("bytes that are no records end a trunk, and nothing else", async () => {
  const { url } = await open();
  const ana = await Socket.of(url, "ana", { channels: [shown()] });
  const socket = new WebSocket(`${core.url.replace("http", "ws")}${TRUNK_PATH}`, TRUNK_PROTOCOL, { headers: { [KEY_HEADER]: TRUNK_KEY } });
  await new Promise((done) => socket.once("open", done));
  socket.send(Buffer.from("this is no record at all"));
  await new Promise((done) => socket.once("close", done));
  await ana.drained();
  expect(core.errors).toMatchObject([{ event: "trunk.broken" }]);
});
