import { expect, test } from "vitest";
import { DOCUMENTATION, isNameServerAlone, readConfig, readNameServerConfig, redacted } from "./config.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const SOUND = { ATOLL_REGION: "us", ATOLL_TOPOLOGY: "topology.json", ATOLL_AUTH_SECRET: SECRET, ATOLL_MESH_SECRET: SECRET };

const problems = (...given: readonly Readonly<Record<string, string>>[]): readonly string[] => {
  const read = readConfig(...given);
  return read.ok ? [] : read.problems.map(({ key, problem, mend }) => `${key} ${problem} ${mend ?? ""}`);
};

test("a region needs little to be told, and the rest has defaults", () => {
  const read = readConfig(SOUND);
  expect(read).toMatchObject({ ok: true, config: { ATOLL_PORT: 8800, ATOLL_MODE: "production", ATOLL_AUTH_ISSUER: "atoll" } });
});

test("what is missing is named", () => {
  expect(problems({ ATOLL_AUTH_SECRET: SECRET, ATOLL_MESH_SECRET: SECRET })).toEqual([
    expect.stringContaining("ATOLL_REGION is missing"),
    expect.stringContaining("ATOLL_TOPOLOGY is missing"),
  ]);
});

test("a mistyped variable is an error that names the right one", () => {
  expect(problems(SOUND, { ATOLL_REGOIN: "eu" })).toEqual(["ATOLL_REGOIN is unknown did you mean ATOLL_REGION?"]);
});

test("variables of other programs are not ours to judge", () => {
  expect(problems(SOUND, { PATH: "/bin", NODE_ENV: "x" })).toEqual([]);
});

test("what was given last wins, and empty means not given", () => {
  expect(readConfig(SOUND, { ATOLL_PORT: "9000" }, { ATOLL_PORT: "9001" }, { ATOLL_PORT: "" })).toMatchObject({
    ok: true,
    config: { ATOLL_PORT: 9001 },
  });
});

test("production refuses default secrets, acks that are not durable and wrong clocks, and says what mends it", () => {
  expect(problems({ ...SOUND, ATOLL_AUTH_SECRET: "changeme" })[0]).toContain("openssl rand -hex 32");
  expect(problems({ ...SOUND, ATOLL_NATS_ACKS: "fast" })[0]).toContain("sync_interval: always");
  expect(problems({ ...SOUND, ATOLL_CLOCK_OFFSET_MS: "5000" })[0]).toContain("local");
  expect(
    problems({ ...SOUND, ATOLL_MODE: "local", ATOLL_NATS_ACKS: "fast", ATOLL_CLOCK_OFFSET_MS: "5000", ATOLL_AUTH_SECRET: "x" }),
  ).toEqual([]);
});

test("tokens are checked by one of two: a secret, or public keys that nobody on the way can replace", () => {
  const { ATOLL_AUTH_SECRET: _, ...keyless } = SOUND;
  const keys = { ATOLL_AUTH_JWKS_URL: "https://id.example.com/keys" };
  expect(problems(keyless)[0]).toContain("or ATOLL_AUTH_JWKS_URL");
  expect(problems(keyless, keys)).toEqual([]);
  expect(problems(SOUND, keys)[0]).toContain("leave one of them out");
  expect(problems(keyless, { ATOLL_AUTH_JWKS_URL: "http://id.example.com/keys" })[0]).toContain("https://");
  expect(problems(keyless, { ATOLL_AUTH_JWKS_URL: "http://127.0.0.1:9/keys", ATOLL_MODE: "local" })).toEqual([]);
  expect(problems(keyless, { ATOLL_AUTH_JWKS_URL: "keys.json" })[0]).toContain("no address");
});

test("secrets and passwords are never shown", () => {
  const read = readConfig({ ...SOUND, ATOLL_NATS_URL: "nats://app:rosebud@10.0.0.1:4222" });
  const shown = JSON.stringify(read.ok && redacted(read.config));
  expect(shown).not.toContain(SECRET);
  expect(shown).not.toContain("rosebud");
  expect(shown).toContain("10.0.0.1");
});

test("a Cassandra is named by its contact points; what cannot be a keyspace or half a login is refused", () => {
  const cassandra = { ATOLL_CASSANDRA_CONTACT_POINTS: "10.0.0.1, 10.0.0.2:9142", ATOLL_CASSANDRA_REPLICATION: "dc1:3,dc2:3" };
  expect(readConfig(SOUND, cassandra)).toMatchObject({
    ok: true,
    config: { ATOLL_CASSANDRA_CONTACT_POINTS: ["10.0.0.1", "10.0.0.2:9142"], ATOLL_CASSANDRA_READS: "local-one", ATOLL_MIGRATE: "yes" },
  });
  expect(problems(SOUND, cassandra, { ATOLL_CASSANDRA_USER: "atoll" })[0]).toContain("set both or none");
  expect(problems(SOUND, cassandra, { ATOLL_CASSANDRA_KEYSPACE: "x; DROP" })[0]).toContain("a-z");
  expect(problems(SOUND, cassandra, { ATOLL_CASSANDRA_REPLICATION: "three" })[0]).toContain("dc:replicas");
  const read = readConfig(SOUND, { ATOLL_CASSANDRA_USER: "atoll", ATOLL_CASSANDRA_PASSWORD: "rosebud" });
  expect(JSON.stringify(read.ok && redacted(read.config))).not.toContain("rosebud");
  expect(DOCUMENTATION.find(({ key }) => key === "ATOLL_CASSANDRA_PASSWORD")?.flag).toBeNull();
});

test("every setting is documented, and secrets are no flags", () => {
  expect(DOCUMENTATION.every(({ about }) => about.length > 10)).toBe(true);
  expect(DOCUMENTATION.find(({ key }) => key === "ATOLL_AUTH_SECRET")?.flag).toBeNull();
  expect(DOCUMENTATION.find(({ key }) => key === "ATOLL_NATS_URL")?.flag).toBe("--nats-url");
});

test("a name server alone needs the list of regions and little else, and other settings in its file are no mistake", () => {
  const given = { ATOLL_ROLES: "geodns", ATOLL_TOPOLOGY: "topology.json", ATOLL_NATS_URL: "nats://127.0.0.1:4222" };
  expect(isNameServerAlone(given)).toBe(true);
  expect(isNameServerAlone({ ...given, ATOLL_ROLES: "gateway,geodns" })).toBe(false);
  const read = readNameServerConfig(given);
  expect(read).toMatchObject({ ok: true, config: { ATOLL_TOPOLOGY: "topology.json", ATOLL_PORT: 8800 } });
  expect(readNameServerConfig({ ...given, ATOLL_MESH_SECRET: "secret" })).toMatchObject({
    ok: false,
    problems: [{ key: "ATOLL_MESH_SECRET" }],
  });
  expect(readNameServerConfig({ ...given, ATOLL_DNSPORT: "53" })).toMatchObject({ problems: [{ mend: "did you mean ATOLL_DNS_PORT?" }] });
});

test("numbers are written in digits", () => {
  for (const key of ["ATOLL_PORT", "ATOLL_DNS_PORT", "ATOLL_DNS_PROCESSES", "ATOLL_CONNECTIONS_MAX", "ATOLL_NATS_REPLICAS"])
    for (const odd of ["0x1", "1e0", " 1", "+1", "1.0", "one"])
      expect([key, odd, problems(SOUND, { [key]: odd }).length]).toEqual([key, odd, 1]);
  const offset = { ATOLL_MODE: "local", ATOLL_CLOCK_OFFSET_MS: "-5000" };
  expect(readConfig(SOUND, offset)).toMatchObject({ ok: true, config: { ATOLL_CLOCK_OFFSET_MS: -5_000 } });
  expect(problems(SOUND, { ...offset, ATOLL_CLOCK_OFFSET_MS: "-0x5" })).toHaveLength(1);
});

test("as many processes answer DNS as are named, if that is a number of them", () => {
  const said = (count: string): readonly string[] => problems(SOUND, { ATOLL_DNS_PROCESSES: count });
  for (const right of ["0", "2"]) expect(said(right)).toEqual([]);
  expect(said("65")).toEqual([expect.stringContaining("ATOLL_DNS_PROCESSES is 64 at most")]);
  for (const wrong of ["two", "1.5", "-1"])
    expect(said(wrong)).toEqual([expect.stringContaining("ATOLL_DNS_PROCESSES is a number of processes, 0 to 64")]);
});

test("roles fit each other: a gateway alone is told where its reconciler is, and needs no key of tokens", () => {
  const { ATOLL_AUTH_SECRET: _, ...gateway } = { ...SOUND, ATOLL_ROLES: "gateway" };
  expect(problems(gateway)).toEqual([expect.stringMatching(/^ATOLL_RECONCILER_URL is missing.*http:\/\/host:port/)]);
  expect(problems(gateway, { ATOLL_RECONCILER_URL: "http://10.0.0.5:8790" })).toEqual([]);
  expect(problems(gateway, { ATOLL_RECONCILER_URL: "10.0.0.5:8790" })[0]).toContain("http://host:port");
  expect(problems(SOUND, { ATOLL_RECONCILER_URL: "http://10.0.0.5:8790" })[0]).toContain("leave it out");
  expect(problems(SOUND, { ATOLL_RECONCILER_SHARE: "3/2" })[0]).toContain("1/2 to 2/2");
  expect(problems(SOUND, { ATOLL_RECONCILER_SHARE: "one" })[0]).toContain("like 2/3");
  expect(problems(SOUND, { ATOLL_ROLES: "webhooks" })[0]).toContain("add one of them");
});
