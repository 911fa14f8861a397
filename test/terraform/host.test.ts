/** A region on a remote Linux host: Terraform's own SSH provisioners, a real sshd on loopback, real servers, the real program. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureKeys } from "../../regions/keys/key-folder.ts";
import { tcpFree } from "../../regions/mesh/ports.ts";
import { parseTopology } from "../../regions/topology.ts";
import { steeredTo } from "../e2e/asked.ts";
import { until } from "../e2e/atoll.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { type Sshd, sshdForTests, startSshd } from "./sshd.ts";
import { run, terraform, terraformForTests, Workspace } from "./terraform.ts";

const program = existsSync("/proc/self/stat") && (await terraformForTests()) ? await sshdForTests() : undefined;
const server = program === undefined ? undefined : await serverForTests();
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const OWN_UNITS = ["atoll-gateway.service", "atoll-jetstream.service", "atoll.service", "atoll-geodns.service"];

async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 9_000);
    if (await tcpFree(port)) return port;
  }
}

describe.skipIf(server === undefined)("a region on a host reached over SSH", () => {
  const work = new Workspace();
  const host = join(work.folder, "host");
  const root = join(work.folder, "root");
  const keys = join(work.folder, "keys");
  let sshd: Sshd;
  let port: number;
  let dnsPort: number;
  let dnsHttpPort: number;
  let socketsPort: number;
  let UNITS: readonly string[] = [];

  /** The root as an operator would write it; everything on the "host" lies in one folder. */
  async function write(hostKey: string, displayName = "Virginia", mode = "local"): Promise<void> {
    const url = `http://127.0.0.1:${port}`;
    const region = {
      name: "us",
      displayName,
      url,
      ws: url.replace("http", "ws"),
      latitude: 39,
      longitude: -77,
      providers: { hosts: ["127.0.0.1"] },
    };
    const list = JSON.stringify({ zone: "atoll.test", regions: [region] });
    await ensureKeys({ topology: parseTopology(list), folder: keys, tls: true });
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, "regions.json"), list);
    const tls = Object.fromEntries(["ca", "cert", "key"].map((name) => [`${name}_file`, `${host}/etc/${name}.pem`]));
    writeFileSync(
      join(root, "main.tf"),
      `module "config" {
  source    = "${work.path("modules", "mesh-config")}"
  topology  = jsondecode(file("regions.json"))
  placement = "hosts"
  mode      = "${mode}"
  data_dir  = "${host}/data/{region}"
  tls       = jsondecode(${JSON.stringify(JSON.stringify(tls))})
}
module "region" {
  source       = "${work.path("modules", "region-host")}"
  name         = "us"
  region       = module.config.regions["us"]
  topology     = file("regions.json")
  keys_dir     = "${keys}"
  config_dir   = "${host}/etc"
  unit_dir     = "${host}/units"
  systemctl    = "UNITS=${host}/units bash ${here("systemctl.sh")}"
  service_user = "${userInfo().username}"
  nats_server  = "${server!.path}"
  atoll        = "${here("../../atoll")}"
  program_port = ${port}
  patience_s   = 60
  gateway_ports = [${socketsPort}]
  name_server  = { port = ${dnsPort}, address = "127.0.0.1", http_port = ${dnsHttpPort} }
  ssh          = { user = "${userInfo().username}", port = ${sshd.port}, private_key_file = "${sshd.userKey}", host_keys = { "127.0.0.1" = "${hostKey}" }, timeout = "6s" }
}
`,
    );
  }
  const apply = () => terraform(root, "apply", "-auto-approve", "-input=false");
  const pids = (): readonly string[] => UNITS.map((unit) => readFileSync(join(host, "units", `${unit}.pid`), "utf8").trim());
  const ready = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/readyz?verbose`)).text();

  beforeAll(async () => {
    [port, dnsPort, dnsHttpPort, socketsPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
    UNITS = [...OWN_UNITS, `atoll-sockets-${socketsPort}.service`];
    sshd = await startSshd(program!, join(work.folder, "ssh"), await freePort());
    await write(sshd.hostKey);
    expect((await terraform(root, "init", "-input=false")).code).toBe(0);
  });
  afterAll(async () => {
    await terraform(root, "destroy", "-auto-approve");
    sshd.stop();
    work.remove();
  });

  test("a host that is not who it should be is refused", async () => {
    await write(sshd.strangeKey);
    const { code, out } = await apply();
    expect(code).toBe(1);
    expect(out).toMatch(/host key|handshake/i);
    expect(existsSync(join(host, "etc", "gateway.conf"))).toBe(false);
  }, 120_000);

  test("files, units and keys are put there, the region serves, and there is nothing left to do", async () => {
    await write(sshd.hostKey);
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    expect(await ready()).toMatch(/\[\+\]joined yes/);
    await until(
      "the name server is ready",
      async () => (await fetch(`http://127.0.0.1:${dnsHttpPort}/readyz`).catch(() => undefined))?.ok === true,
    );
    expect(await steeredTo(dnsPort, "atoll.test", "198.51.100.0")).toBe("us");
    expect((await terraform(root, "plan", "-detailed-exitcode")).code).toBe(0);
    const state = readFileSync(join(root, "terraform.tfstate"), "utf8");
    expect(state).not.toMatch(/SU[A-Z2-7]{56}|BEGIN [A-Z ]*PRIVATE KEY/);
    expect(state).not.toContain(readFileSync(join(keys, "mesh", "link-secret"), "utf8").trim());
  }, 180_000);

  test("systemd has nothing to say against the units", async () => {
    for (const unit of UNITS) {
      const path = join(host, "units", unit);
      const { code, out } = await run("systemd-analyze", ["verify", "--man=no", path], host);
      if (code === -1) return console.warn("SKIPPED: systemd-analyze is missing");
      const words = out.split("\n").filter((line) => line.includes(unit) || line.includes("Unknown"));
      expect({ code, words }).toEqual({ code: 0, words: [] });
    }
  });

  test("another list of regions is copied and followed; nobody is restarted", async () => {
    const before = pids();
    await write(sshd.hostKey, "Ashburn");
    const { code, out } = await apply();
    expect(code, out).toBe(0);
    expect(out).toMatch(/1 added, 0 changed, 1 destroyed/);
    expect(pids()).toEqual(before);
    expect(readFileSync(join(host, "etc", "topology.json"), "utf8")).toContain("Ashburn");
  }, 120_000);

  test("destroy stops it and takes its units away; its data stay", async () => {
    const before = pids();
    const { code, out } = await terraform(root, "destroy", "-auto-approve");
    expect(code, out).toBe(0);
    for (const pid of before) expect(() => execFileSync("test", ["-d", `/proc/${pid}`])).toThrow();
    for (const unit of UNITS) expect(existsSync(join(host, "units", unit))).toBe(false);
    expect(existsSync(join(host, "data", "us", "state", "store", "data.mdb"))).toBe(true);
  }, 120_000);
});
