import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { serverForTests } from "../../test/servers/nats-tiers.ts";
import { admitted, gatewayTier, jetStreamTier, type RegionServers } from "./server-config.ts";
import { parseVersion, type ServerVersion } from "./server-version.ts";

const server = await serverForTests();

const version = (text: string): ServerVersion => {
  const parsed = parseVersion(text);
  if (!parsed) throw new Error(text);
  return parsed;
};
const us = (of: ServerVersion, storeDir = "/data/us"): RegionServers => ({
  region: "us",
  version: of,
  secrets: { app: "abcdefgh1", mesh: "ijklmnop2", link: "qrstuvwx3" },
  jetStream: { port: 4222, monitorPort: 8222, storeDir },
  gateway: { port: 4223, monitorPort: 8223, leafPort: 7422, gatewayPort: 7222, advertise: "127.0.0.1:9000" },
  peers: [
    { region: "eu", url: "nats://127.0.0.1:9001" },
    { region: "ap", url: "nats://127.0.0.1:9002" },
  ],
});

describe("configuration of the two tiers", () => {
  test("acks are made durable on every server that can, and 2.9 is not asked to, as it would refuse to start", () => {
    for (const text of ["2.10.27", "2.12.15", "2.14.9", "2.15.2"])
      expect(jetStreamTier(us(version(text)))).toContain("sync_interval: always");
    expect(jetStreamTier(us(version("2.9.10")))).not.toContain("sync_interval");
  });

  test("the JetStream tier knows no gateway and the gateway tier no JetStream: nothing in a region waits for another", () => {
    expect(jetStreamTier(us(version("2.14.9")))).not.toMatch(/^gateway/m);
    expect(gatewayTier(us(version("2.14.9")))).not.toMatch(/^jetstream/m);
  });

  test("A4: peers may read and ask, and nothing that changes or removes a stream is admitted", () => {
    const subjects = admitted("us");
    for (const word of ["PURGE", "STREAM.DELETE", "STREAM.UPDATE", "STREAM.CREATE", "MSG.DELETE", "$SYS", "ops."]) {
      expect(subjects.filter((subject) => subject.includes(word))).toEqual([]);
    }
    expect(subjects).toEqual(expect.arrayContaining(["rpc.us.>", "hb.>", "tell.>", "deliver.us.>"]));
  });

  test("who joins the gateways must know the mesh's secret, and a region that was not there at the start may join", () => {
    const text = gatewayTier(us(version("2.14.9")));
    expect(text).toContain('authorization { user: link, password: "qrstuvwx3" }');
    expect(text).toContain('{ name: "eu", urls: ["nats://link:qrstuvwx3@127.0.0.1:9001"] }');
    expect(text).not.toContain("reject_unknown");
  });

  test("a secret that could break out of the file is refused", () => {
    const plan = us(version("2.14.9"));
    expect(() => jetStreamTier({ ...plan, secrets: { ...plan.secrets, mesh: 'x" } evil' } })).toThrow(/letters and digits/);
  });

  test.skipIf(!server)("the server that was found accepts both files", async () => {
    if (!server) return;
    const folder = await mkdtemp(join(tmpdir(), "atoll-config-"));
    try {
      for (const [name, text] of [
        ["js", jetStreamTier(us(server.version, join(folder, "store")))],
        ["gw", gatewayTier(us(server.version))],
      ] as const) {
        const file = join(folder, `${name}.conf`);
        await writeFile(file, text);
        const { stdout, stderr } = await promisify(execFile)(server.path, ["-t", "-c", file]);
        expect(`${stdout}${stderr}`).toContain("is valid");
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
