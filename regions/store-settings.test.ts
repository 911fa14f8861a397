import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Certificates } from "../test/servers/certificates.ts";
import { makeCertificates } from "../test/servers/certificates.ts";
import { readConfig, redacted } from "./config.ts";
import { readStoreSettings, tlsOf } from "./store-settings.ts";
import type { StoreNames } from "./store-trouble.ts";
import { mendedBy, troubleOf } from "./store-trouble.ts";

const folder = mkdtempSync(join(tmpdir(), "atoll-settings-"));
let made: Certificates;
beforeAll(async () => {
  made = await makeCertificates(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const problems = (settings: Readonly<Record<string, string>>): readonly string[] => {
  const read = readStoreSettings(settings);
  return "problems" in read ? read.problems.map(({ key, problem, mend }) => `${key} ${problem} (${mend})`) : [];
};
const file = (name: string, held: string): string => {
  writeFileSync(join(folder, name), held);
  return join(folder, name);
};

test("TLS stands on files: of an authority, of a certificate and its key", () => {
  const { ca, cert, key } = made.client;
  const read = readStoreSettings({ ATOLL_CASSANDRA_CA_FILE: ca, ATOLL_CASSANDRA_CERT_FILE: cert, ATOLL_CASSANDRA_KEY_FILE: key });
  const config = "config" in read ? read.config : undefined;
  expect(config && Object.keys(tlsOf(config, "CASSANDRA") ?? {})).toEqual(["ca", "cert", "key"]);
  expect(config && tlsOf(config, "MONGODB")).toBeUndefined();
});

test("files that cannot be right are refused with the line that mends it", () => {
  const { ca, cert, key } = made.client;
  expect(problems({ ATOLL_REDIS_CA_FILE: "/nowhere.pem" })).toEqual([
    "ATOLL_REDIS_CA_FILE /nowhere.pem cannot be read: ENOENT (name a PEM file that this process may read)",
  ]);
  expect(problems({ ATOLL_MONGODB_CA_FILE: file("text.pem", "no certificate") })[0]).toContain("holds no certificate in PEM");
  expect(problems({ ATOLL_MONGODB_CERT_FILE: cert, ATOLL_MONGODB_KEY_FILE: ca })[0]).toContain("holds no private key in PEM");
  expect(problems({ ATOLL_MONGODB_CERT_FILE: cert })[0]).toContain("set both or none");
  expect(problems({ ATOLL_CASSANDRA_CERT_FILE: cert, ATOLL_CASSANDRA_KEY_FILE: made.server.key })[0]).toContain(
    "is not the key of ATOLL_CASSANDRA_CERT_FILE",
  );
  expect(problems({ ATOLL_CASSANDRA_CERT_FILE: cert, ATOLL_CASSANDRA_KEY_FILE: key })).toEqual([]);
});

test("TLS that is asked for and forbidden at once is refused", () => {
  const { ca } = made.client;
  expect(problems({ ATOLL_CASSANDRA_CA_FILE: ca, ATOLL_CASSANDRA_TLS: "no" })[0]).toContain("ATOLL_CASSANDRA_TLS is no");
  expect(problems({ ATOLL_REDIS_CA_FILE: ca, ATOLL_REDIS_URL: "redis://h" })[0]).toContain("begin it with rediss://");
  expect(problems({ ATOLL_MONGODB_CA_FILE: ca, ATOLL_MONGODB_URI: "mongodb://h/?tls=false" })[0]).toContain("take tls=false away");
});

test("a secret may be kept in a file; both ways at once, an empty file and one that cannot be read are refused", () => {
  const secret = "0123456789abcdef0123456789abcdef";
  const sound = { ATOLL_REGION: "us", ATOLL_TOPOLOGY: "topology.json", ATOLL_AUTH_SECRET: secret };
  const kept = {
    ...sound,
    ATOLL_MESH_SECRET_FILE: file("mesh", `${secret}\n`),
    ATOLL_REDIS_URL_FILE: file("redis", "redis://u:rosebud@h"),
  };
  const read = readConfig(kept);
  expect(read).toMatchObject({ ok: true, config: { ATOLL_MESH_SECRET: secret, ATOLL_REDIS_URL: "redis://u:rosebud@h" } });
  expect(JSON.stringify(read.ok && redacted(read.config))).not.toMatch(/rosebud|0123456789/);
  const wrong = (settings: Readonly<Record<string, string>>) => {
    const { ok, ...rest } = readConfig({ ...kept, ...settings });
    return ok ? [] : (rest as { readonly problems: readonly { readonly key: string; readonly problem: string }[] }).problems;
  };
  expect(wrong({ ATOLL_MESH_SECRET: secret })).toEqual([
    expect.objectContaining({ key: "ATOLL_MESH_SECRET_FILE", mend: "leave one of them out" }),
  ]);
  expect(wrong({ ATOLL_MESH_SECRET_FILE: file("empty", "\n") })).toEqual([
    expect.objectContaining({ problem: expect.stringContaining("is empty") }),
  ]);
  expect(wrong({ ATOLL_REDIS_URL_FILE: "/nowhere" })).toEqual([expect.objectContaining({ problem: "/nowhere cannot be read: ENOENT" })]);
});

test("what drivers say of a closed door, however deep they bury it, becomes what mends it; other trouble stays as it is", () => {
  const all: StoreNames = {
    login: "LOGIN",
    rights: "",
    tlsOn: "ON",
    tlsOff: "OFF",
    authority: "AUTHORITY",
    certificate: "CERT",
    serverName: "",
  };
  const names = { names: all, speaksTls: true, certified: true };
  const buried = Object.assign(new Error("All host(s) tried"), {
    innerErrors: { "h:1": Object.assign(new Error("no"), { code: "SELF_SIGNED_CERT_IN_CHAIN" }) },
  });
  expect(troubleOf(buried, names)?.mend).toContain("AUTHORITY");
  const byServer = Object.assign(new Error("selection timed out"), {
    reason: { servers: new Map([["h:1", { error: new Error("network", { cause: new Error("SSL routines::wrong version number") }) }]]) },
  });
  expect(troubleOf(byServer, names)?.mend).toBe("OFF");
  expect(String(mendedBy(new Error("WRONGPASS invalid username-password pair"), names))).toBe("Error: it refuses the login (set LOGIN)");
  const other = new Error("connect ECONNREFUSED 127.0.0.1:1");
  expect(mendedBy(other, names)).toBe(other);
  expect(troubleOf(new Error("Socket was closed"), names)).toBeUndefined();
  expect(troubleOf(new Error("Socket was closed"), { ...names, speaksTls: false, certified: false })?.mend).toBe(
    "ON, if it speaks TLS alone",
  );
  expect(troubleOf(new Error("Socket was closed"), { ...names, certified: false })?.mend).toContain("CERT, if");
});
