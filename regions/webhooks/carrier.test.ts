/** W2 W3 W4: real servers and a real name server, by real sockets; time is passed by hand where it is long. */

import { createSocket } from "node:dgram";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { type Answer, decode, encode } from "dns-packet";
import { Webhook } from "standardwebhooks";
import { afterEach, expect, test } from "vitest";
import type { Timers } from "../../core/ports/time.ts";
import type { DeliveryOutcome } from "../../core/ports/webhooks.ts";
import { signatureOf, webhookSecrets } from "../../core/webhooks.ts";
import { ensureAuthority, ensureCertificate } from "../keys/certificates.ts";
import { openRealTimers } from "../real-timers.ts";
import { openWebhookCarrier } from "./carrier.ts";
import { openResolve } from "./resolve.ts";
import { allowanceOf } from "./settings.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
interface Receiver {
  readonly port: number;
  readonly server: Server;
  readonly seen: string[];
}
async function receiver(handler: Handler, host = "127.0.0.1"): Promise<Receiver> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    handler(request, response);
  });
  server.listen(0, host);
  await once(server, "listening");
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server, seen };
}

/** Timers that are due when the test says so, by how long they were set. */
function timersByHand(): Timers & { fire(delayMs: number): void } {
  const due = new Set<{ readonly delayMs: number; readonly run: () => void }>();
  return {
    after: (delayMs, run) => {
      const one = { delayMs, run };
      due.add(one);
      return { cancel: () => due.delete(one) };
    },
    every: () => ({ cancel: () => {} }),
    monotonicMs: () => 0,
    fire: (delayMs) => {
      for (const one of [...due]) if (one.delayMs === delayMs) one.run();
    },
  };
}

interface Asked {
  readonly allow?: string;
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  readonly timers?: Timers;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const noName = (): Promise<readonly string[]> => Promise.reject(new Error("no name is to be asked for"));
function send(
  url: string,
  { allow = "http,127.0.0.1/32", resolve = noName, timers = openRealTimers(), body = "{}", headers = {} }: Asked = {},
): Promise<DeliveryOutcome> {
  const allowance = allowanceOf(allow.split(",").filter(Boolean));
  return openWebhookCarrier({ allowance, resolve, timers, version: "0" }).send({ url, headers, body });
}
const at = ({ port }: Receiver, path = "/hook"): string => `http://127.0.0.1:${port}${path}`;

/** A name server over UDP whose answers live for no time at all. */
async function nameServer(answers: (name: string, type: string) => readonly string[]): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (packet, { port, address }) => {
    const { id, questions = [] } = decode(packet);
    const [question] = questions;
    if (question === undefined) return;
    const { name, type } = question;
    const data = answers(name, type);
    const found = data.map((one): Answer => ({ type: type === "AAAA" ? "AAAA" : "A", name, ttl: 0, data: one }));
    socket.send(
      encode({ type: "response", ...(id === undefined ? {} : { id }), flags: 0x0180, questions: [question], answers: found }),
      port,
      address,
    );
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  endings.push(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

test("W6: what arrives is what was sent, and its signature is one that the standard's own library takes", async () => {
  const secret = webhookSecrets("the mesh's secret")("w".repeat(26), 1);
  const older = webhookSecrets("the mesh's secret")("w".repeat(26), 2);
  const body = '{"kind":"message.sent","data":{"body":"Grüße 🎉"}}';
  const atS = Math.floor(Date.now() / 1_000);
  const got: { headers: Record<string, string>; body: string }[] = [];
  const bot = await receiver(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    got.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString() });
    response.writeHead(204).end();
  });
  const headers = {
    "content-type": "application/json",
    "webhook-id": "evt_1",
    "webhook-timestamp": String(atS),
    "webhook-signature": signatureOf([older, secret], { id: "evt_1", atS, body }),
  };
  expect(await send(at(bot), { headers, body })).toEqual({ status: 204 });
  const [one] = got;
  if (one === undefined) throw new Error("nothing came");
  expect(one.body).toBe(body);
  for (const known of [secret, older]) expect(new Webhook(known).verify(one.body, one.headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(webhookSecrets("another")("w".repeat(26), 1)).verify(one.body, one.headers)).toThrow();
  expect(() => new Webhook(secret).verify(one.body.replace("sent", "lost"), one.headers)).toThrow();
  expect(() => new Webhook(secret).verify(one.body, { ...one.headers, "webhook-timestamp": String(atS - 600) })).toThrow();
  expect(one.headers["user-agent"]).toBe("Atoll-Webhooks/0");
});

test("W2: a redirect is the answer, and leads nowhere", async () => {
  const secret = await receiver((_, response) => response.end("credentials"));
  for (const [status, location] of [
    [301, at(secret)],
    [302, "http://169.254.169.254/latest/meta-data/"],
    [307, at(secret)],
    [308, at(secret)],
  ] as const) {
    const bot = await receiver((_, response) => response.writeHead(status, { location }).end());
    expect(await send(at(bot))).toEqual({ status });
  }
  expect(secret.seen).toEqual([]);
});

test("W2: no URL of any writing reaches this machine, where plain http to any port is allowed and no network is", async () => {
  const canary = await receiver((_, response) => response.end());
  const six = await receiver((_, response) => response.end(), "::1").catch(() => undefined);
  const { port } = canary;
  const hosts = [
    ...["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "１２７.０.０.１", "0.0.0.0", "0", "localhost", "foo.localhost"],
    ...["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "127.0.0.1.", "user@127.0.0.1"],
  ];
  for (const host of hosts)
    expect([host, await send(`http://${host}:${port}/`, { allow: "http" })]).toEqual([host, { why: expect.any(String) }]);
  if (six !== undefined) expect(await send(`http://[::1]:${six.port}/`, { allow: "http" })).toHaveProperty("why");
  expect([canary.seen, six?.seen ?? []]).toEqual([[], []]);
});

test("W3: a name whose addresses are public when it is registered and 127.0.0.1 when it is connected to is not connected to", async () => {
  const canary = await receiver((_, response) => response.end());
  let leads = "93.184.216.34";
  const servers = await nameServer((_, type) => (type === "AAAA" ? [] : [leads]));
  const resolve = openResolve([servers]);
  expect(await resolve("rebinding.example.com")).toEqual(["93.184.216.34"]);
  leads = "127.0.0.1";
  expect(await send(`http://rebinding.example.com:${canary.port}/`, { allow: "http", resolve })).toEqual({
    why: "its name leads to an address that may not be reached",
  });
  expect(canary.seen).toEqual([]);
});

test.each<[string, readonly string[], readonly string[]]>([
  ["one bad address among good ones", ["93.184.216.34", "127.0.0.1"], []],
  ["a private one", ["10.0.0.7"], []],
  ["metadata", ["169.254.169.254"], []],
  ["a public address and a loopback one of IPv6", ["93.184.216.34"], ["::1"]],
  ["a mapped one", [], ["::ffff:127.0.0.1"]],
  ["one behind NAT64", [], ["64:ff9b::7f00:1"]],
  ["a link-local one", [], ["fe80::1"]],
])("W3: a name with %s is not connected to", async (_, four, six) => {
  const canary = await receiver((__, response) => response.end());
  const resolve = openResolve([await nameServer((__, type) => (type === "AAAA" ? six : four))]);
  expect(await send(`http://bots.example.com:${canary.port}/`, { allow: "http", resolve })).toEqual({
    why: "its name leads to an address that may not be reached",
  });
  expect(canary.seen).toEqual([]);
});

test("W3: a name that leads to an allowed network is reached there, by its name", async () => {
  const hosts: (string | undefined)[] = [];
  const bot = await receiver((request, response) => {
    hosts.push(request.headers.host);
    response.end();
  });
  const resolve = openResolve([await nameServer((_, type) => (type === "AAAA" ? [] : ["127.0.0.1"]))]);
  expect(await send(`http://bots.example.com:${bot.port}/`, { resolve })).toEqual({ status: 200 });
  expect(hosts).toEqual([`bots.example.com:${bot.port}`]);
});

test("a name that nobody knows, a port where nobody listens, and what speaks no HTTP say so in words without the URL", async () => {
  const resolve = openResolve([await nameServer(() => [])]);
  expect(await send("http://nobody.example.com/secret", { resolve })).toEqual({ why: "its name is not known" });
  const closed = await receiver(() => {});
  closed.server.close();
  await once(closed.server, "close");
  expect(await send(at(closed))).toEqual({ why: "the connection was refused" });
  const odd = createTcpServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n")).listen(0, "127.0.0.1");
  await once(odd, "listening");
  endings.push(() => odd.close());
  expect(await send(`http://127.0.0.1:${(odd.address() as AddressInfo).port}/`)).toEqual({ why: "what it answers is no HTTP" });
});

const ANSWERED = "http.client.response.finish"; // Node's own word for: the status has been read
test.each([
  ["before the status it has failed", "HTTP/1.1 200 OK\r\nX-Slow: ", { why: "it did not answer within 5 s" }],
  ["after it, it has answered", "HTTP/1.1 202 OK\r\ncontent-length: 9\r\n\r\nslow", { status: 202 }],
] as const)("W4: who drips a reply is cut off after five seconds: %s", async (_, words, outcome) => {
  const timers = timersByHand();
  const late = (): void => void setImmediate(() => timers.fire(5_000));
  const drip = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      timers.fire(3_000); // the connection stands: that bound is over
      if ("status" in outcome) subscribe(ANSWERED, late);
      socket.write(words, "status" in outcome ? undefined : late);
    });
  });
  await once(drip.listen(0, "127.0.0.1"), "listening");
  endings.push(() => drip.close() && unsubscribe(ANSWERED, late));
  expect(await send(`http://127.0.0.1:${(drip.address() as AddressInfo).port}/`, { timers })).toEqual(outcome);
  await once(drip.close(), "close"); // every connection has ended
});

test("W4: a connection that does not come about within three seconds is given up", async () => {
  const timers = timersByHand();
  const resolve = (): Promise<readonly string[]> => {
    setImmediate(() => timers.fire(3_000));
    return new Promise(() => {});
  };
  expect(await send("http://bots.example.com/", { timers, resolve })).toEqual({ why: "no connection within 3 s" });
});

test("https: a receiver is known by its name and its certificate, wherever the name leads", async () => {
  const folder = mkdtempSync(join(tmpdir(), "atoll-hooks-"));
  endings.push(() => rmSync(folder, { recursive: true }));
  const [authorityFolder, own] = ["authority", "own"].map((name) => join(folder, name)) as [string, string];
  for (const one of [authorityFolder, own]) mkdirSync(one);
  await ensureAuthority(authorityFolder);
  await ensureCertificate(own, authorityFolder, "bot", ["bots.example.com"]);
  const names: unknown[] = [];
  const server = createTlsServer(
    { cert: readFileSync(join(own, "cert.pem")), key: readFileSync(join(own, "key.pem")) },
    (request, response) => {
      names.push((request.socket as TLSSocket & { readonly servername?: unknown }).servername);
      response.end();
    },
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const resolve = async () => ["127.0.0.1"];
  const authority = readFileSync(join(authorityFolder, "ca.pem"), "utf8");
  const ask = (name: string, more: object) =>
    openWebhookCarrier({ allowance: allowanceOf(["http", "127.0.0.1"]), resolve, timers: openRealTimers(), version: "0", ...more }).send({
      url: `https://${name}:${port}/`,
      headers: {},
      body: "{}",
    });
  expect(await ask("bots.example.com", { authority })).toEqual({ status: 200 });
  expect(names).toEqual(["bots.example.com"]);
  expect(await ask("other.example.com", { authority })).toEqual({ why: "its certificate is not trusted" });
  expect(await ask("bots.example.com", {})).toEqual({ why: "its certificate is not trusted" });
  expect(names).toHaveLength(1);
});

test("a reply of any size is cut at 16 KiB, and its status counts", async () => {
  let written = 0;
  const bot = await receiver((_, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    const chunk = Buffer.alloc(65_536);
    const more = (): void => {
      while (!response.destroyed && written < 1_024 * 1_048_576) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
    };
    more();
  });
  expect(await send(at(bot))).toEqual({ status: 200 });
  expect(written).toBeLessThan(64 * 1_048_576);
});
