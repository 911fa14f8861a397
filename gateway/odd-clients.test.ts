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
