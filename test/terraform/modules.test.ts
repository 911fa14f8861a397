/** Every Terraform module: formatted, valid, tested, documented; and what it renders is what the code means. `ATOLL_WRITE_TABLES=1` writes the READMEs. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { ensureKeys } from "../../regions/keys/key-folder.ts";
import { admitted } from "../../regions/nats/server-config.ts";
import { parseTopology } from "../../regions/topology.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { tablesOf, withTables } from "./tables.ts";
import { TERRAFORM, terraform, terraformForTests, Workspace } from "./terraform.ts";

const there = await terraformForTests();
const server = await serverForTests();
const MODULES = readdirSync(join(TERRAFORM, "modules"));
/** Those that need no provider can be looked at anywhere. */
const withoutProvider = (folder: string): boolean =>
  !/required_providers/.test(readFileSync(join(TERRAFORM, folder, "versions.tf"), "utf8"));
const PLAIN = [
  ...MODULES.map((name) => `modules/${name}`),
  ...readdirSync(join(TERRAFORM, "examples")).map((name) => `examples/${name}`),
  ...readdirSync(join(TERRAFORM, "roots")).map((name) => `roots/${name}`),
].filter(withoutProvider);

test.each(MODULES)("the README of %s says what goes in and what comes out", (name) => {
  const folder = join(TERRAFORM, "modules", name);
  const path = join(folder, "README.md");
  const readme = existsSync(path) ? readFileSync(path, "utf8") : "";
  const wanted = withTables(readme, tablesOf(folder));
  if (process.env["ATOLL_WRITE_TABLES"] === "1") writeFileSync(path, wanted);
  else expect(readme).toBe(wanted);
});

describe.skipIf(!there)("terraform", () => {
  const work = new Workspace();
  afterAll(() => work.remove());

  test("every file is formatted", async () => {
    const { code, out } = await terraform(work.path(), "fmt", "-check", "-recursive");
    expect(code, out).toBe(0);
  });

  test.each(PLAIN)("%s is valid", async (folder) => {
    expect((await terraform(work.path(folder), "init", "-backend=false", "-input=false")).code).toBe(0);
    const { code, out } = await terraform(work.path(folder), "validate");
    expect(code, out).toBe(0);
  });

  test("mesh-config's own tests hold", async () => {
    await terraform(work.path("modules", "mesh-config"), "init", "-input=false");
    const { code, out } = await terraform(work.path("modules", "mesh-config"), "test");
    expect(code, out).toBe(0);
    console.log(out.trim().split("\n").at(-1));
  });

  test.skipIf(server === undefined)(
    "a real nats-server accepts what is rendered, with three servers a tier and TLS; peers may do what the code says",
    async () => {
      const keys = join(work.folder, "keys");
      const regions = [
        { name: "us", providers: { hosts: ["10.0.0.1", "10.0.0.2", "10.0.0.3"] }, ...place("us") },
        { name: "eu", providers: { hosts: ["10.1.0.1"] }, ...place("eu") },
      ];
      const topology = { zone: "example.net", regions };
      await ensureKeys({ topology: parseTopology(JSON.stringify(topology)), folder: keys, tls: true });
      const root = join(work.folder, "rendered");
      mkdirSync(root);
      const tls = { ca_file: `${keys}/us/ca.pem`, cert_file: `${keys}/us/cert.pem`, key_file: `${keys}/us/key.pem` };
      const given = { topology, placement: "hosts", data_dir: `${root}/{region}`, tls };
      writeFileSync(
        join(root, "main.tf.json"),
        JSON.stringify({ module: { mesh: { source: work.path("modules", "mesh-config"), ...given } } }),
      );
      writeFileSync(join(root, "outputs.tf"), 'output "regions" {\n  value = module.mesh.regions\n}\n');
      expect((await terraform(root, "init", "-input=false")).code).toBe(0);
      expect((await terraform(root, "apply", "-auto-approve")).code).toBe(0);
      const { out } = await terraform(root, "output", "-json", "regions");
      const rendered = JSON.parse(out) as Readonly<
        Record<string, { readonly servers: readonly Readonly<Record<"jetstream" | "gateway", string>>[] }>
      >;
      for (const [region, { servers }] of Object.entries(rendered))
        for (const tier of ["jetstream", "gateway"] as const) {
          const text = servers[0]![tier];
          const file = join(keys, region, `${tier}.conf`);
          writeFileSync(file, text);
          const { stdout, stderr } = await promisify(execFile)(server!.path, ["-t", "-c", file]);
          expect(`${stdout}${stderr}`).toContain("is valid");
          if (tier === "jetstream") expect(text).toContain("sync_interval: always");
          else
            expect([...(/allow: \[([^\]]*)\]/.exec(text)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(([, one]) => one)).toEqual(
              admitted(region),
            );
        }
    },
  );
});

const place = (name: string): object => ({
  url: `https://${name}.example.net`,
  ws: `wss://${name}.example.net/v1/connect`,
  latitude: 1,
  longitude: 2,
});
