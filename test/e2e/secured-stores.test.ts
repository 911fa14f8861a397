/** Real stores that speak TLS both ways and want a login: a mesh uses them, and whoever is not let in is told what mends it. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession } from "../../regions/cassandra/session.ts";
import { meshFolder, readSecret } from "../../regions/mesh/folder.ts";
import { settingsOf } from "../../regions/mesh/store-switches.ts";
import { openMongo } from "../../regions/mongodb/connection.ts";
import { openRealTimers } from "../../regions/real-timers.ts";
import { openRedis } from "../../regions/redis/connection.ts";
import type { TlsParts } from "../../regions/store-settings.ts";
import { storesMissing } from "../servers/all-stores.ts";
import type { CassandraNode } from "../servers/cassandra.ts";
import { cassandraNode, placeNode } from "../servers/cassandra.ts";
import type { Certificates } from "../servers/certificates.ts";
import { makeCertificates } from "../servers/certificates.ts";
import type { MongoSet } from "../servers/mongodb.ts";
import { mongodForTests, startMongo } from "../servers/mongodb.ts";
import { describeWith } from "../servers/needed.ts";
import type { RedisServer } from "../servers/redis.ts";
import { redisForTests, startRedis } from "../servers/redis.ts";
import { runFolder } from "../servers/run-folder.ts";
import { atollWith, MeshUnderTest, until } from "./atoll.ts";
import { channelOf } from "./channel.ts";

/** What docs/stores.md tells an operator to allow. */
export const REDIS_USER =
  "on >rosebud resetkeys ~atoll:* resetchannels -@all +@connection +@hash +@string +@keyspace +@scripting -@dangerous +info";
const PASSWORD = "rosebud";

describeWith("stores with TLS and logins", await storesMissing(), () => {
  const folder = join(runFolder(), "secured");
  const mesh = new MeshUnderTest();
  let certificates: Certificates;
  let node: CassandraNode;
  let mongo: MongoSet;
  let redis: RedisServer;
  let right: Readonly<Record<string, string>>;
  beforeAll(async () => {
    certificates = await makeCertificates(folder);
    const { server, client } = certificates;
    node = cassandraNode(await placeNode({ folder: join(folder, "cassandra") }), { secured: server });
    const users = ["default off", `atoll ${REDIS_USER}`];
    [, mongo, redis] = await Promise.all([
      node.start(),
      startMongo((await mongodForTests()) ?? "", 1, { secured: server }),
      startRedis((await redisForTests()) ?? "", { certified: server, users }),
    ]);
    await makeRole();
    const files = (store: string) => ({
      [`ATOLL_${store}_CA_FILE`]: client.ca,
      [`ATOLL_${store}_CERT_FILE`]: client.cert,
      [`ATOLL_${store}_KEY_FILE`]: client.key,
    });
    const kept = (name: string, secret: string): string => {
      writeFileSync(join(folder, name), `${secret}\n`, { mode: 0o600 });
      return join(folder, name);
    };
    right = {
      ATOLL_CASSANDRA_CONTACT_POINTS: `127.0.0.1:${node.place.port}`,
      ATOLL_CASSANDRA_USER: "atoll",
      ATOLL_CASSANDRA_PASSWORD_FILE: kept("cassandra-password", PASSWORD),
      ATOLL_MONGODB_URI_FILE: kept("mongodb-uri", mongo.uri.replace(/\/\/[^@]*@/, `//atoll:${PASSWORD}@`)),
      ATOLL_REDIS_URL_FILE: kept("redis-url", `rediss://atoll:${PASSWORD}@127.0.0.1:${redis.port}`),
      ...files("CASSANDRA"),
      ...files("MONGODB"),
      ...files("REDIS"),
    };
  });
  afterAll(async () => {
    await mesh.remove();
    await Promise.allSettled([node.kill(), mongo.stop(), redis.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const tlsForClients = (): TlsParts => {
    const { ca, cert, key } = certificates.client;
    return { ca: readFileSync(ca, "utf8"), cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  };
  /** As an operator would: a role that may make its keyspaces. */
  async function makeRole(): Promise<void> {
    const session = openSession({
      contactPoints: [`127.0.0.1:${node.place.port}`],
      keyspace: "unused",
      credentials: { username: "cassandra", password: "cassandra" },
      tls: tlsForClients(),
      readConsistency: () => "local-one",
      prepared: async () => {},
    });
    await until("the first role is there", () => session.run("SELECT role FROM system_auth.roles").then(() => true, () => false), 60_000); // biome-ignore format: one thought
    await session.run(`CREATE ROLE atoll WITH PASSWORD = '${PASSWORD}' AND LOGIN = true`);
    await session.run("GRANT CREATE ON ALL KEYSPACES TO atoll");
    await session.close();
  }
  /** A user that may write the regions' databases. */
  async function makeUser(): Promise<void> {
    const link = openMongo({ uri: mongo.uri, database: "admin", tls: tlsForClients() });
    const roles = ["us", "eu"].map((region) => {
      const uri = settingsOf({ mongodb: "mongodb://h" }, region, readSecret(meshFolder(mesh.data)) ?? "")["ATOLL_MONGODB_URI"] ?? "";
      return { role: "readWrite", db: uri.slice(uri.lastIndexOf("/") + 1) };
    });
    await link.run("users", (db) => db.command({ createUser: "atoll", pwd: PASSWORD, roles }));
    await link.close();
  }
  /** Kinds of keys that the region could write with these rights. */
  async function keysOf(region: string): Promise<readonly string[]> {
    const url = `rediss://atoll:${PASSWORD}@127.0.0.1:${redis.port}`;
    const link = openRedis({ url, region, tls: tlsForClients(), timers: openRealTimers(), nowMs: Date.now });
    await until("redis can be used", () => link.usable());
    const [, keys] = await link.client.scan(0, "MATCH", `atoll:${region}:*`, "COUNT", 10_000);
    await link.close();
    return [...new Set(keys.map((key) => key.split(":")[2] ?? ""))];
  }
  const doctor = async (settings: Readonly<Record<string, string | undefined>>) => {
    const { stdout, stderr } = await atollWith({ ...process.env, ...settings }, "doctor", "--json", "--data", mesh.data);
    const { checks } = JSON.parse(stdout || stderr) as {
      readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly found: string; readonly mend?: string }[];
    };
    expect(stdout).not.toContain(PASSWORD);
    return new Map(checks.map((check) => [check.name === "stores" ? check.found : check.name, check]));
  };

  test("a mesh signs in to all three; a login that is not there yet is said, and used once it is there; no secret is in the logs", async () => {
    const { code, stderr } = await upWith(right);
    expect(code, stderr).toBe(0);
    const ana = await mesh.person("ana");
    const refused = /\[\+\]mongodb degraded since .*it refuses the login \(set user, password and authSource in ATOLL_MONGODB_URI/;
    await until("the login is refused, and it is said what mends it", async () => refused.test((await mesh.readiness("us")).text));
    await makeUser();
    await channelOf(mesh, [ana]);
    await until(
      "no store is degraded",
      async () => {
        const { text } = await mesh.readiness("us");
        return /\[\+\]cassandra (?!degraded)/.test(text) && /\[\+\]mongodb (?!degraded)/.test(text) && /\[\+\]redis redis/.test(text);
      },
      60_000,
    ).catch(async (late: Error) => {
      throw new Error(`${late.message}: ${(await mesh.readiness("us")).text}`);
    });
    await until("the region has written what it is allowed to", async () => {
      await ana.read("us", "/v1/channels"); // counted for ten seconds
      const kinds = await keysOf("us");
      return kinds.includes("gateways") && kinds.includes("rate");
    });
    for (const region of ["us", "eu"]) expect(readFileSync(join(mesh.data, region, "logs", "region.log"), "utf8")).not.toContain(PASSWORD);
  });

  test("doctor says who is signed in, and over TLS", async () => {
    const found = await doctor(right);
    for (const store of ["cassandra", "mongodb", "redis"])
      expect(found.get(store), store).toMatchObject({ ok: true, found: expect.stringMatching(/TLS, signed in as atoll$/) });
  });

  const files = ["CASSANDRA", "MONGODB", "REDIS"] as const;
  const withAll = (part: string, value: string | undefined) => Object.fromEntries(files.map((store) => [`ATOLL_${store}_${part}`, value]));
  test("who is not let in is told which line mends it", async () => {
    const login = await doctor({
      ...right,
      ATOLL_CASSANDRA_PASSWORD_FILE: undefined,
      ATOLL_CASSANDRA_PASSWORD: "wrong",
      ATOLL_MONGODB_URI_FILE: undefined,
      ATOLL_MONGODB_URI: mongo.uri.replace(/\/\/[^@]*@/, "//atoll:wrong@"),
      ATOLL_REDIS_URL_FILE: undefined,
      ATOLL_REDIS_URL: `rediss://atoll:wrong@127.0.0.1:${redis.port}`,
    });
    expect(login.get("cassandra")).toMatchObject({
      ok: false,
      found: expect.stringContaining("refuses the login"),
      mend: expect.stringContaining("ATOLL_CASSANDRA_USER"),
    });
    expect(login.get("mongodb")).toMatchObject({
      ok: false,
      found: expect.stringContaining("refuses the login"),
      mend: expect.stringContaining("ATOLL_MONGODB_URI"),
    });
    expect(login.get("redis")).toMatchObject({
      ok: false,
      found: expect.stringContaining("refuses the login"),
      mend: expect.stringContaining("ATOLL_REDIS_URL"),
    });
    const unknown = await doctor({ ...right, ...withAll("CA_FILE", certificates.stranger) });
    const without = await doctor({ ...right, ...withAll("CERT_FILE", undefined), ...withAll("KEY_FILE", undefined) });
    const plain = await doctor({
      ...right,
      ...withAll("CA_FILE", undefined),
      ...withAll("CERT_FILE", undefined),
      ...withAll("KEY_FILE", undefined),
      ATOLL_REDIS_URL_FILE: undefined,
      ATOLL_REDIS_URL: `redis://atoll:${PASSWORD}@127.0.0.1:${redis.port}`,
    });
    for (const store of files) {
      const name = store.toLowerCase();
      expect(unknown.get(name), name).toMatchObject({
        ok: false,
        found: expect.stringContaining("authority that is not known"),
        mend: expect.stringContaining(`ATOLL_${store}_CA_FILE`),
      });
      expect(without.get(name), name).toMatchObject({
        ok: false,
        found: expect.stringMatching(/certificate of its clients|ended the connection/),
        mend: expect.stringContaining(`ATOLL_${store}_CERT_FILE`),
      });
      expect(plain.get(name), name).toMatchObject({ ok: false, mend: expect.stringMatching(/TLS|_CA_FILE|rediss/) });
    }
    const named = await doctor({ ...right, ATOLL_CASSANDRA_SERVER_NAME: "db.example.org" });
    expect(named.get("cassandra")).toMatchObject({ ok: false, mend: expect.stringContaining("ATOLL_CASSANDRA_SERVER_NAME") });
  });

  test("files that cannot be right are refused before anything is dialled", async () => {
    const crossed = await doctor({ ...right, ATOLL_REDIS_KEY_FILE: certificates.server.key, ATOLL_MONGODB_CA_FILE: "/nowhere/ca.pem" });
    expect(crossed.get("ATOLL_MONGODB_CA_FILE /nowhere/ca.pem cannot be read: ENOENT")).toMatchObject({
      ok: false,
      mend: expect.stringContaining("PEM file"),
    });
    expect(crossed.get("ATOLL_REDIS_KEY_FILE is not the key of ATOLL_REDIS_CERT_FILE")).toMatchObject({ ok: false });
    const other = new MeshUnderTest();
    const refused = await upWith({ ...right, ATOLL_CASSANDRA_CA_FILE: "/nowhere/ca.pem" }, other);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("ATOLL_CASSANDRA_CA_FILE /nowhere/ca.pem cannot be read");
    await other.remove();
  });

  async function upWith(settings: Readonly<Record<string, string>>, which = mesh) {
    for (const [key, value] of Object.entries(settings)) process.env[key] = value;
    try {
      return await which.up("--regions", "us,eu");
    } finally {
      for (const key of Object.keys(settings)) delete process.env[key];
    }
  }
});
