/** Clients that mean well and do it in their own way. */
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Opened } from "./gateway.test-model.ts";
import { openTestGateway, tokenOf } from "./gateway.test-model.ts";

let opened: Opened;
beforeAll(async () => {
  opened = await openTestGateway();
});
afterAll(async () => {
  await opened.close();
});

/** The whole answer to these bytes. */
const answerTo = (bytes: string): Promise<string> =>
  new Promise((done, fail) => {
    let answer = "";
    const socket = connect(opened.gateway.port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.once("close", () => done(answer)).once("error", fail);
  });

test.each(["/healthz", "/readyz"])("a balancer that asks %s by HTTP/1.0 and names no host is answered", async (path) => {
  expect(await answerTo(`GET ${path} HTTP/1.0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

test.each([
  ["501", "limit: from 1 to 500"],
  ["0", "limit: from 1 to 500"],
  ["1e1", "limit: is a number in digits"],
])("a list of %s is refused with what would be taken", async (limit, detail) => {
  const answer = await fetch(`${opened.url}/v1/channels?limit=${limit}`, { headers: { authorization: `Bearer ${await tokenOf("ana")}` } });
  expect([answer.status, await answer.json()]).toMatchObject([400, { code: "invalid", detail }]);
});

test("a parameter that is given twice is refused, and not obeyed in half; one that the call does not have is nobody's business", async () => {
  const asked = async (query: string): Promise<unknown> => {
    const answer = await fetch(`${opened.url}/v1/presence?${query}`, { headers: { authorization: `Bearer ${await tokenOf("ana")}` } });
    return [answer.status, await answer.json()];
  };
  expect(await asked("users=ana&users=eve")).toMatchObject([400, { code: "invalid", detail: "users is given 2 times." }]);
  expect(await asked("users=ana,eve&x=1&x=2")).toMatchObject([200, {}]);
});

test.each([
  ["no HTTP", "NONSENSE\r\n\r\n", 400, "invalid"],
  [
    "a body that breaks off in its chunks",
    "POST /v1/channels HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    400,
    "invalid",
  ],
  ["a head of 40 KB", `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(40_000)}\r\n\r\n`, 413, "too-large"],
])("what is no request is answered as any error is: %s", async (_what, bytes, status, code) => {
  const [head = "", body = ""] = (await answerTo(bytes)).split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .*\r\nContent-Type: application/problem\\+json`));
  expect(JSON.parse(body)).toMatchObject({ status, code, type: `urn:atoll:error:${code}` });
});

test("a compressed body is refused in words that say so, and not taken for broken text", async () => {
  const answer = await fetch(`${opened.url}/v1/channels`, {
    method: "POST",
    headers: { authorization: `Bearer ${await tokenOf("ana")}`, "content-type": "application/json", "content-encoding": "gzip" },
    body: gzipSync('{"name":"Lobby"}'),
  });
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { code: "invalid", detail: "A body is taken as it is, and not with Content-Encoding gzip." },
  ]);
});
