/** Keys of a mesh: private, each region its own, and what is there stays. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localTopology } from "../mesh/local-topology.ts";
import { publicOf } from "../nats/nkeys.ts";
import { ensureKeys } from "./key-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "atoll-keys-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const two = localTopology([{ name: "us" }, { name: "eu" }], 8_800);
const three = localTopology([{ name: "us" }, { name: "eu" }, { name: "ap" }], 8_800);
const read = (...path: readonly string[]): string => readFileSync(join(folder, ...path), "utf8");
const all = (): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(folder, path)).isFile());

test("what is secret can be read by its owner only, and no region holds another's keys", async () => {
  await ensureKeys({ topology: two, folder, tls: true });
  const open = all().filter((path) => (statSync(join(folder, path)).mode & 0o077) !== 0);
  expect(open.every((path) => /\/(ca|cert)\.pem$/.test(path))).toBe(true);
  const seeds = (region: string): readonly string[] =>
    ["jetstream.secrets.conf", "gateway.secrets.conf", "region.secrets.env"].flatMap(
      (file) => read(region, file).match(/SU[A-Z2-7]{56}/g) ?? [],
    );
  expect(new Set([...seeds("us"), ...seeds("eu")]).size).toBe(4);
  expect(existsSync(join(folder, "us", "ca.key"))).toBe(false);
});

test("the halves of the keys fit: who signs in is who is let in", async () => {
  await ensureKeys({ topology: two, folder, tls: false });
  const seed = /MESH_SEED: "([^"]+)"/.exec(read("us", "jetstream.secrets.conf"))?.[1] ?? "";
  expect(read("us", "gateway.secrets.conf")).toContain(`MESH_NKEY: "${publicOf(seed)}"`);
  const app = /ATOLL_NATS_NKEY_SEED=(\S+)/.exec(read("us", "region.secrets.env"))?.[1] ?? "";
  expect(read("us", "jetstream.secrets.conf")).toContain(`APP_NKEY: "${publicOf(app)}"`);
  const shared = (region: string): string | undefined => /ATOLL_MESH_SECRET=(\S+)/.exec(read(region, "region.secrets.env"))?.[1];
  expect(shared("us")).toBe(shared("eu"));
});

test("a region more: only its keys are made", async () => {
  await ensureKeys({ topology: two, folder, tls: true });
  const before = new Map(all().map((path) => [path, read(path)]));
  const made = await ensureKeys({ topology: three, folder, tls: true });
  expect(made.map((one) => [one.region, one.made.length])).toEqual([
    ["us", 0],
    ["eu", 0],
    ["ap", 5],
  ]);
  for (const [path, text] of before) expect(read(path)).toBe(text);
});

test("a region's certificate holds for the hosts at which it is dialled, and is signed by the mesh's authority", async () => {
  await ensureKeys({ topology: localTopology([{ name: "us", linkPort: 7_222 }], 8_800), folder, tls: true });
  const at = (file: string): string => join(folder, "us", file);
  expect(execFileSync("openssl", ["verify", "-CAfile", at("ca.pem"), at("cert.pem")], { encoding: "utf8" })).toContain("OK");
  expect(execFileSync("openssl", ["x509", "-in", at("cert.pem"), "-noout", "-text"], { encoding: "utf8" })).toContain(
    "IP Address:127.0.0.1",
  );
});
