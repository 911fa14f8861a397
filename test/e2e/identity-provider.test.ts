/** Tokens that somebody else signs: a real identity provider's door, a real region's process on real servers, and keys that come, go and are changed meanwhile. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { foreignEnvironment, ownProgram } from "../../regions/mesh/own-program.ts";
import { serverForTests, startTiers, type TestTiers } from "../servers/nats-tiers.ts";
import { freePort } from "../servers/server.ts";
import { until } from "./atoll.ts";

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const server = await serverForTests();
/** A process from its sources, on a machine that does much else. */
const STARTED_MS = 90_000;

describe.skipIf(server === undefined)("a region whose tokens are signed by an identity provider", () => {
  const folder = mkdtempSync(join(tmpdir(), "atoll-idp-"));
  let tiers: TestTiers;
  let [doorPort, port] = [0, 0];
  let door: Server | undefined;
  let keys: readonly object[] = [];
  let region: ChildProcess | undefined;
  const closeDoor = (): void => {
    door?.closeAllConnections();
    door?.close();
    door = undefined;
  };
  const openDoor = async (): Promise<void> => {
    door = createServer((_, response) => response.end(JSON.stringify({ keys })));
    await once(door.listen(doorPort, "127.0.0.1"), "listening");
  };
  const key = async ({ publicKey }: Pair, kid: string): Promise<object> => ({ ...(await exportJWK(publicKey)), kid, use: "sig" });
  const signed = (pair: Pair, kid: string): Promise<string> =>
    new SignJWT({ sub: "ana", roles: ["user"] })
      .setProtectedHeader({ alg: "ES256", kid })
      .setIssuer("idp")
      .setAudience("chat")
      .setExpirationTime("1h")
      .sign(pair.privateKey);
  const start = (): void => {
    const { url, user, password } = tiers.access("us");
    const { command, args } = ownProgram("cli/main", ["serve"]);
    region = spawn(command, args, {
      stdio: "ignore",
      env: {
        ...foreignEnvironment(process.env),
        ATOLL_MODE: "local",
        ATOLL_REGION: "us",
        ATOLL_TOPOLOGY: join(folder, "topology.json"),
        ATOLL_HOST: "127.0.0.1",
        ATOLL_PORT: String(port),
        ATOLL_DATA_DIR: join(folder, "data"),
        ATOLL_NATS_URL: url.replace("nats://", `nats://${user}:${password}@`),
        ATOLL_NATS_MONITOR_URL: `http://127.0.0.1:${tiers.servers("us").jetStream.monitorPort}`,
        ATOLL_NATS_ACKS: "fast",
        ATOLL_MESH_SECRET: "a mesh secret of this story alone",
        ATOLL_AUTH_JWKS_URL: `http://127.0.0.1:${doorPort}/keys`,
        ATOLL_AUTH_ISSUER: "idp",
        ATOLL_AUTH_AUDIENCE: "chat",
      },
    });
  };
  const url = (): string => `http://127.0.0.1:${port}`;
  const readiness = async (): Promise<{ readonly status: number; readonly keys: string }> => {
    const answer = await fetch(`${url()}/readyz?verbose`).catch(() => undefined);
    return { status: answer?.status ?? 0, keys: /^.*token-keys.*$/m.exec((await answer?.text()) ?? "")?.[0] ?? "" };
  };
  const isReady = async (): Promise<boolean> => (await readiness()).status === 200;
  /** Makes a channel with this token. */
  const tries = async (token: string): Promise<readonly [status: number, retryAfter: string | null]> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${url()}/v1/channels`, { method: "POST", headers, body: '{"name":"ours"}' });
    await answer.text();
    return [answer.status, answer.headers.get("retry-after")];
  };
  const ends = async (): Promise<readonly [code: unknown, signal: unknown]> => {
    const [code, signal] = await Promise.all([once(region!, "exit"), region!.kill("SIGTERM")]).then(([exit]) => exit);
    return [code, signal];
  };

  beforeAll(async () => {
    tiers = await startTiers(["us"], server!);
    [doorPort, port] = [await freePort(), await freePort()];
    const here = { name: "us", url: url(), ws: url().replace("http", "ws"), latitude: 0, longitude: 0 };
    writeFileSync(join(folder, "topology.json"), JSON.stringify({ zone: "atoll.test", regions: [here] }));
  });
  afterAll(async () => {
    region?.kill("SIGKILL");
    closeDoor();
    await tiers?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("its keys open the door, forged ones do not, changed ones are followed; it may be away at the start and later, and the region ends well", async () => {
    const [ours, next, forged] = await Promise.all([generateKeyPair("ES256"), generateKeyPair("ES256"), generateKeyPair("ES256")]);
    const token = await signed(ours, "one");
    // Nobody is at its door: nothing was ever known, so nobody is denied, and nobody new is sent here.
    start();
    await until("the region answers", async () => (await readiness()).status !== 0, STARTED_MS);
    expect(await readiness()).toEqual({ status: 503, keys: "[-]token-keys none have been read: ECONNREFUSED" });
    expect(await tries(token)).toEqual([503, "5"]);

    // It comes: the region takes notice by itself.
    keys = [await key(ours, "one")];
    await openDoor();
    await until("the region is ready", isReady, STARTED_MS);
    expect(await tries(token)).toEqual([201, null]);
    keys = [await key(ours, "one"), await key(next, "two")];
    expect(await tries(await signed(next, "two"))).toEqual([201, null]);
    for (const kid of ["one", "two", "three"]) expect((await tries(await signed(forged, kid)))[0]).toBe(401);
    expect((await tries(`${token.split(".").slice(0, 2).join(".")}.`))[0]).toBe(401);

    // It goes away for good: who knew its keys goes on with them, over a restart too.
    closeDoor();
    expect((await tries(await signed(next, "two")))[0]).toBe(201);
    expect((await tries(await signed(forged, "two")))[0]).toBe(401);
    expect(await ends()).toEqual([0, null]);
    start();
    await until("the region is ready without it", isReady, STARTED_MS);
    expect((await readiness()).keys).toBe("[+]token-keys those known hold: ECONNREFUSED");
    expect((await tries(token))[0]).toBe(201);
    expect((await tries(await signed(next, "two")))[0]).toBe(201);
    expect((await tries(await signed(forged, "two")))[0]).toBe(401);
    expect(await ends()).toEqual([0, null]);
  }, 300_000);
});
