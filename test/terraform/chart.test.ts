/** The Helm chart: what it renders is right for Kubernetes and for a real nats-server, and what is wrong is refused. No pod runs here. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEdgeMetrics } from "../../gateway/edge/edge-metrics.ts";
import { ensureKeys } from "../../regions/keys/key-folder.ts";
import { admitted } from "../../regions/nats/server-config.ts";
import { parseTopology } from "../../regions/topology.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { type Ran, run } from "./terraform.ts";
import { toolForTests } from "./tools.ts";

const helm = await toolForTests("helm");
const validate = helm === undefined ? undefined : await toolForTests("kubernetes-validate");
const checkov = helm === undefined ? undefined : await toolForTests("checkov");
const server = await serverForTests();
const CHART = fileURLToPath(new URL("../../deploy/helm/atoll", import.meta.url));

interface Entry {
  readonly name: string;
  readonly retired?: boolean;
}
const listOf = (...regions: readonly Entry[]): string =>
  JSON.stringify({
    zone: "example.net",
    regions: regions.map(({ name, retired = false }, index) => ({
      ...{ name, index, retired, url: `https://${name}.example.net`, ws: `wss://${name}.example.net/v1/connect` },
      ...{ link: [`tls://nats.${name}.example.net:7222`], latitude: index, longitude: index, providers: { kubernetes: { context: name } } },
    })),
  });

describe.skipIf(validate === undefined)("the chart", () => {
  const folder = mkdtempSync(join(tmpdir(), "atoll-chart-"));
  const two = listOf({ name: "us" }, { name: "eu" });
  let rendered: string;
  let lists = 0;
  afterAll(() => rmSync(folder, { recursive: true }));

  async function render(region: string, list: string, ...args: readonly string[]): Promise<Ran> {
    lists += 1;
    const file = join(folder, `regions-${lists}.json`);
    writeFileSync(file, list);
    return run(
      helm!,
      ["template", region, CHART, "--kube-version", "1.33", "--set", `region=${region}`, "--set-file", `topology=${file}`, ...args],
      folder,
    );
  }
  beforeAll(async () => {
    const { code, out } = await render(
      "eu",
      two,
      "--set",
      "ingress.enabled=true,ingress.host=eu.example.net,networkPolicy.fromNamespaceLabels.team=edge,nameServer.enabled=true,gateways.enabled=true",
    );
    expect(code, out).toBe(0);
    rendered = out;
  });

  test("helm lint has nothing to say", async () => {
    writeFileSync(join(folder, "two.json"), two);
    const { code, out } = await run(
      helm!,
      ["lint", "--strict", CHART, "--set", "region=eu", "--set-file", `topology=${join(folder, "two.json")}`],
      folder,
    );
    expect(code, out).toBe(0);
  });

  test.each([
    ["an unknown region", "xx", two, [], /region "xx" is not in the list of regions/],
    ["a retired region", "eu", listOf({ name: "us" }, { name: "eu", retired: true }), [], /region "eu" is retired/],
    ["four servers a tier", "eu", two, ["--set", "nats.servers=4"], /one of 1, 3/],
    ["a value that the chart does not know", "eu", two, ["--set", "nats.replicas=3"], /replicas/],
    ["no name server at all", "eu", two, ["--set", "nameServer.replicas=0"], /replicas/],
    ["a setting that is none of Atoll's", "eu", two, ["--set", "program.env.LOG=debug"], /LOG/],
  ])("%s is refused with words", async (_, region, list, args, words) => {
    const { code, out } = await render(region, list, ...args);
    expect(code).not.toBe(0);
    expect(out).toMatch(words);
  });

  test("every object is one that Kubernetes takes; a misspelt field is found", async () => {
    const check = async (text: string): Promise<number> => {
      writeFileSync(join(folder, "objects.yaml"), text);
      return (await run(validate!, ["-k", "1.33", "--strict", "objects.yaml"], folder)).code;
    };
    expect(await check(rendered)).toBe(0);
    expect(await check(rendered.replace("readinessProbe", "readynessProbe"))).not.toBe(0);
  });

  test.skipIf(checkov === undefined)(
    "checkov has nothing to say beyond what the chart leaves to its user; a container that may become root is found",
    async () => {
      // Limits of processor time throttle a server that has a moment's work to do; digests, pull policy and namespace are the installation's.
      const left = "CKV_K8S_11,CKV_K8S_43,CKV_K8S_15,CKV_K8S_21";
      const check = async (text: string): Promise<Ran> => {
        writeFileSync(join(folder, "checked.yaml"), text);
        const args = ["-f", "checked.yaml", "--framework", "kubernetes", "--quiet", "--compact", "--skip-download", "--skip-check", left];
        return run(checkov!, args, folder);
      };
      const { code, out } = await check(rendered);
      expect(code, out).toBe(0);
      expect((await check(rendered.replaceAll("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"))).code).not.toBe(0);
    },
    120_000,
  );

  test("the name server has its own secret and none of the region's, and is there only where it is wanted", async () => {
    const deployment = rendered.split(/^---$/m).find((one) => one.includes("kind: Deployment") && one.includes("name: eu-dns\n")) ?? "";
    expect(deployment).toContain("args: [serve, --role, geodns, --config, /etc/atoll/keys/name-server.secrets.env]");
    expect(deployment).toContain("secretName: atoll-name-server,");
    expect(deployment).not.toContain("secretName: atoll-keys,");
    expect((await render("eu", two)).out).not.toContain("kind: Deployment");
  });

  test("stores that want a login and TLS: Secrets become settings and files", async () => {
    const files = "program.env.ATOLL_CASSANDRA_CA_FILE=/etc/atoll/stores/ca.pem,stores.filesSecret=store-files";
    const named = "stores.cassandra.contactPoints=c1,stores.cassandra.secret=cassandra-login,stores.mongodb.secret=mongodb";
    const { out } = await render("eu", two, "--set", `${named},${files}`);
    writeFileSync(join(folder, "stores.yaml"), out);
    expect((await run(validate!, ["-k", "1.33", "--strict", "stores.yaml"], folder)).code).toBe(0);
    expect(out).toContain("secretRef: { name: cassandra-login }");
    expect(out).toContain("secretRef: { name: mongodb }");
    expect(out).toContain("secret: { secretName: store-files, defaultMode: 0440 }");
    expect(out).toContain("mountPath: /etc/atoll/stores");
  });

  test("with gateways users come in through these, they grow by connections, and nobody else reaches the program", async () => {
    const { code, out } = await render("eu", two, "--set", "gateways.enabled=true,gateways.autoscale.connections=5000");
    expect(code, out).toBe(0);
    const objects = out.split(/^---$/m);
    const named = (kind: string, name: string): string =>
      objects.find((one) => new RegExp(`^kind: ${kind}$`, "m").test(one) && new RegExp(`^ {2}name: ${name}$`, "m").test(one)) ?? "";
    expect(named("Service", "eu")).toContain("app.kubernetes.io/component: gateway");
    expect(named("Service", "eu-program")).toContain("app.kubernetes.io/component: program");
    expect(named("StatefulSet", "eu")).toContain("args: [serve, --role, reconciler, --config,");
    expect(named("Deployment", "eu-gateway")).toContain("args: [serve, --role, gateway, --config,");
    expect(named("Deployment", "eu-gateway")).not.toMatch(/^ {2}replicas:/m);
    expect(named("HorizontalPodAutoscaler", "eu-gateway")).toMatch(/metric: \{ name: atoll_gateway_sockets \}\n.*averageValue: "5000"/);
    expect(await openEdgeMetrics("eu", "one").text()).toContain("# TYPE atoll_gateway_sockets gauge");
    expect(named("NetworkPolicy", "eu")).toMatch(/from:\n {8}- podSelector:/);
    expect((await render("eu", two, "--set", "gateways.enabled=true,gateways.autoscale.enabled=false")).out).not.toContain(
      "HorizontalPodAutoscaler",
    );
  });

  test("a region more in the list changes nothing but the list itself", async () => {
    const objects = (text: string): readonly string[] => text.split(/^---$/m).filter((one) => !/name: us-topology/.test(one));
    const before = await render("us", two);
    const after = await render("us", listOf({ name: "us" }, { name: "eu" }, { name: "ap" }));
    expect(objects(after.out)).toEqual(objects(before.out));
    expect(after.out).not.toBe(before.out);
  });

  test.skipIf(server === undefined)("a real nats-server accepts both tiers' files; peers may do what the code says", async () => {
    await ensureKeys({ topology: parseTopology(two), folder: join(folder, "all"), tls: true });
    mkdirSync(join(folder, "conf"));
    await run("ln", ["-s", join(folder, "all", "eu"), join(folder, "keys")], folder);
    for (const tier of ["jetstream", "gateway"] as const) {
      const [, block = ""] = new RegExp(`^ {2}${tier}\\.conf: \\|\\n((?: {4}.*\\n|\\n)+)`, "m").exec(rendered) ?? [];
      const text = block.replaceAll(/^ {4}/gm, "").replaceAll("/etc/atoll/keys", join(folder, "keys"));
      const file = join(folder, "conf", `${tier}.conf`);
      writeFileSync(file, text.replace("/data/jetstream", join(folder, "data")));
      const { code, out } = await run(server!.path, ["-t", "-c", file], folder, { ...process.env, POD_NAME: "eu-0" });
      expect(code, out).toBe(0);
      if (tier === "jetstream") expect(text).toContain("sync_interval: always");
      else {
        expect([...(/allow: \[([^\]]*)\]/.exec(text)?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(([, one]) => one)).toEqual(admitted("eu"));
        expect(text).toContain('gateways: [{ name: "us", urls: ["tls://nats.us.example.net:7222"] }]');
      }
    }
  });
});
