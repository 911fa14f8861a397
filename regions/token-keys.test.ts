import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Timers } from "../core/ports/time.ts";
import { openTokens } from "../gateway/tokens.ts";
import { openTokenKeys } from "./token-keys.ts";

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const MINUTE = 60_000;
const NOW_S = 1_800_000_000;

let folder: string;
let server: Server;
let asked: number;
/** What the identity provider answers. */
let answer: { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string };
const ends: (() => void)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "atoll-keys-"));
  asked = 0;
  server = createServer((_, response) => {
    asked += 1;
    response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
const publicKey = async ({ publicKey: key }: Pair, kid: string): Promise<JWK> => ({ ...(await exportJWK(key)), kid, use: "sig" });
const set = (...keys: readonly JWK[]): void => {
  answer = { body: JSON.stringify({ keys }) };
};
const signed = ({ privateKey }: Pair, kid: string, { alg = "ES256", sub = "ana" } = {}): Promise<string> =>
  new SignJWT({ sub, roles: ["user"] })
    .setProtectedHeader({ alg, kid })
    .setIssuer("idp")
    .setAudience("chat")
    .setExpirationTime(NOW_S + 3_600)
    .sign(privateKey);

/** A region's life, with time that stands still until it is told to go on. */
async function live() {
  let atMs = 0;
  const every: { readonly periodMs: number; readonly run: () => void }[] = [];
  const timers: Timers = {
    after: () => ({ cancel: () => {} }),
    every: (periodMs, run) => {
      every.push({ periodMs, run });
      return { cancel: () => {} };
    },
    monotonicMs: () => atMs,
  };
  const said: object[] = [];
  const log = { info: () => {}, warn: (facts: object) => void said.push(facts), error: () => {} };
  const keys = openTokenKeys({ url: url(), folder, timers, log });
  ends.push(() => keys.end());
  await keys.first;
  const tokens = openTokens({ keys, issuer: "idp", audience: "chat" }, () => NOW_S * 1_000);
  const code = (token: string): Promise<string> =>
    tokens.verify(token).then(
      ({ actor }) => actor.user,
      (refused: { readonly code: string }) => refused.code,
    );
  return {
    said,
    ready: () => keys.ready(),
    code,
    pass: (ms: number) => {
      atMs += ms;
      for (const { periodMs, run } of every) if (ms >= periodMs) run();
    },
  };
}
const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((later) => setImmediate(later));
};

test("who is signed for by a key of the set gets in, and nobody else", async () => {
  const [ours, foreign, rsa] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256"), generateKeyPair("RS256")]);
  set(await publicKey(ours, "one"), await publicKey(rsa, "two"));
  const { code } = await live();
  expect(await code(await signed(ours, "one"))).toBe("ana");
  expect(await code(await signed(rsa, "two", { alg: "RS256" }))).toBe("ana");
  expect(await code(await signed(foreign, "one"))).toBe("unauthenticated");
  // A public key is no secret: whoever signs with it as one is nobody.
  const confused = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
  const hs256 = new SignJWT({ sub: "root" }).setProtectedHeader({ alg: "HS256", kid: "two" }).setIssuer("idp").setAudience("chat");
  expect(await code(await hs256.setExpirationTime(NOW_S + 60).sign(confused))).toBe("unauthenticated");
  const [, payload] = (await signed(ours, "one")).split(".");
  const none = Buffer.from('{"alg":"none","kid":"one"}').toString("base64url");
  expect(await code(`${none}.${payload}.`)).toBe("unauthenticated");
  expect(await code(await signed(ours, "one", { sub: "a|b" }))).toBe("unauthenticated");
});

test("a new key is asked for when it is first met, a withdrawn one holds no longer than ten minutes, also for tokens that were good", async () => {
  const [old, fresh] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  set(await publicKey(old, "old"));
  const { code, pass } = await live();
  const before = await signed(old, "old");
  expect(await code(before)).toBe("ana");
  set(await publicKey(fresh, "fresh"));
  pass(MINUTE);
  expect(await code(await signed(fresh, "fresh"))).toBe("ana");
  expect(await code(before)).toBe("unauthenticated");
  set(await publicKey(old, "old"));
  pass(10 * MINUTE);
  await until(async () => (await code(before)) === "ana");
});

test("a key that is first met right after the start is asked for at once", async () => {
  const [old, fresh] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  set(await publicKey(old, "old"));
  const { code } = await live();
  set(await publicKey(fresh, "fresh"));
  expect(await code(await signed(fresh, "fresh"))).toBe("ana");
});

test("tokens of keys that nobody has heard of are no way to have the provider asked again and again", async () => {
  const [ours, made] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256")]);
  set(await publicKey(ours, "one"));
  const { code, pass } = await live();
  for (let nth = 0; nth < 50; nth += 1) expect(await code(await signed(made, `made-up-${nth}`))).toBe("unauthenticated");
  expect(asked).toBe(2);
  pass(MINUTE);
  await Promise.all(Array.from({ length: 50 }, async (_, nth) => code(await signed(made, `made-up-${nth}`))));
  expect(asked).toBe(3);
});

test("P1: a provider that is out of reach, or talks nonsense, keeps nobody out, now or after a restart; where nothing was ever known, nobody is denied", async () => {
  const ours = await generateKeyPair("ES256");
  const token = await signed(ours, "one");
  answer = { status: 503, body: "" };
  const first = await live();
  expect(await first.code(token)).toBe("unavailable");
  expect(first.ready()).toEqual({ name: "token-keys", ok: false, detail: "none have been read: it answered 503" });
  set(await publicKey(ours, "one"));
  first.pass(6_000); // nobody need ask: who is not ready is asked by nobody
  await until(async () => first.ready().ok);
  expect(await first.code(token)).toBe("ana");
  expect(readFileSync(join(folder, "token-keys.json"), "utf8")).not.toContain('"d"');
  const nonsense: readonly (typeof answer)[] = [
    { status: 500, body: "" },
    { body: "<html>" },
    { body: '{"keys":[]}' },
    { body: "null" },
    { body: `{"keys":[],"more":"${"x".repeat(300_000)}"}` },
    { status: 302, headers: { location: url() }, body: "" },
  ];
  for (const [nth, one] of nonsense.entries()) {
    answer = one;
    const before = asked;
    const next = await live(); // a restart, which begins by asking
    expect([nth, asked > before, await next.code(token), next.ready().ok, next.said.length]).toEqual([nth, true, "ana", true, 1]);
  }
});
