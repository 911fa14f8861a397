// npm run terraform:kubernetes: regions applied to real API servers (etcd and Kubernetes 1.33's apiserver, one pair a region) with the real kubectl provider:
// rendered, stored, healed when changed by hand; a region more leaves the others' plans empty; the mesh is read from the regions' states. No pod runs.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { mirrorFor, TERRAFORM } from "../mirror.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const BIN = join(process.env.ATOLL_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "atoll", "tools"), "bin");
const work = mkdtempSync(join(tmpdir(), "atoll-kubernetes-"));
const say = (...words) => console.log(...words);
const children = [];

execFileSync("bash", [here("../tools.sh"), "kube", "etcd", "provider-kubectl", "helm"], { stdio: "inherit" });

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
function start(name, program, args, folder) {
  const log = openSync(join(folder, `${name}.log`), "w");
  const child = spawn(join(BIN, program), args, { cwd: folder, stdio: ["ignore", log, log] });
  children.push(child);
  return child;
}

/** etcd and an API server of its own; resolves with a kubeconfig. */
async function cluster(region) {
  const folder = join(work, region);
  mkdirSync(folder);
  const [client, peer, api] = [await freePort(), await freePort(), await freePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  start(
    "etcd",
    "etcd",
    [
      "--data-dir",
      "etcd",
      "--listen-client-urls",
      clientUrl,
      "--advertise-client-urls",
      clientUrl,
      "--listen-peer-urls",
      peerUrl,
      "--initial-advertise-peer-urls",
      peerUrl,
      "--initial-cluster",
      `default=${peerUrl}`,
    ],
    folder,
  );
  execFileSync("openssl", ["genrsa", "-out", join(folder, "accounts.key"), "2048"], { stdio: "ignore" });
  const token = randomBytes(16).toString("hex");
  writeFileSync(join(folder, "tokens.csv"), `${token},admin,1,system:masters\n`);
  const server = start(
    "apiserver",
    "kube",
    [
      ...[
        "--etcd-servers",
        clientUrl,
        "--secure-port",
        String(api),
        "--bind-address",
        "127.0.0.1",
        "--advertise-address",
        "127.0.0.1",
        "--cert-dir",
        "pki",
      ],
      ...[
        "--service-account-issuer",
        "https://kubernetes.default.svc",
        "--service-account-key-file",
        "accounts.key",
        "--service-account-signing-key-file",
        "accounts.key",
      ],
      ...[
        "--token-auth-file",
        "tokens.csv",
        "--authorization-mode",
        "RBAC",
        "--service-cluster-ip-range",
        "10.0.0.0/24",
        "--endpoint-reconciler-type",
        "none",
      ],
    ],
    folder,
  );
  const kubeconfig = join(folder, "kubeconfig");
  for (let tries = 0; ; tries += 1) {
    assert.ok(
      server.exitCode === null && tries < 480,
      `the API server of ${region} does not come up: ${readFileSync(join(folder, "apiserver.log"), "utf8").slice(-2000)}`,
    );
    await pause(250);
    const asked = spawnSync("curl", ["-skf", "-o", "/dev/null", "-H", `Authorization: Bearer ${token}`, `https://127.0.0.1:${api}/readyz`]);
    if (asked.status === 0) break;
  }
  const authority = readFileSync(join(folder, "pki", "apiserver.crt")).toString("base64");
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": region },
      clusters: [{ name: region, cluster: { server: `https://127.0.0.1:${api}`, "certificate-authority-data": authority } }],
      users: [{ name: region, user: { token } }],
      contexts: [{ name: region, context: { cluster: region, user: region } }],
    }),
    { mode: 0o600 },
  );
  return kubeconfig;
}

/** A mirror in which this CLI finds the provider that was built. */
const mirror = () =>
  cpSync(join(BIN, "provider-kubectl"), join(mirrorFor(work, "gavinbunney/kubectl", "1.19.0"), "terraform-provider-kubectl_v1.19.0"));

const list = join(work, "regions.json");
const root = join(work, "terraform", "roots", "region");
const clusters = new Map();
function tf(region, ...args) {
  const env = {
    ...process.env,
    TF_CLI_CONFIG_FILE: join(work, "cli.rc"),
    CHECKPOINT_DISABLE: "1",
    TF_DATA_DIR: join(work, `.terraform-${region}`),
  };
  const { status, stdout, stderr } = spawnSync(TERRAFORM, args, { cwd: root, env, encoding: "utf8" });
  return { status, out: `${stdout}${stderr}` };
}
function rendered(region) {
  const file = join(work, `${region}.yaml`);
  writeFileSync(
    file,
    execFileSync(join(BIN, "helm"), [
      "template",
      region,
      here("../../../deploy/helm/atoll"),
      "--kube-version",
      "1.33",
      "--set",
      `region=${region}`,
      "--set-file",
      `topology=${list}`,
    ]),
  );
  return file;
}
const variables = (region, manifests) =>
  Object.entries({ region, topology_file: list, manifests_file: manifests, kubeconfig: clusters.get(region) }).flatMap(([name, value]) => [
    "-var",
    `${name}=${value}`,
  ]);
const manifests = new Map();
const run = (region, ...args) => tf(region, ...args, "-no-color", "-input=false", ...variables(region, manifests.get(region)));
function apply(region) {
  const { status, out } = run(region, "apply", "-auto-approve");
  assert.equal(status, 0, out);
  return out.match(/Resources: .*/)[0];
}
const plan = (region) => run(region, "plan", "-detailed-exitcode").status;
async function open(region) {
  clusters.set(region, await cluster(region));
  manifests.set(region, rendered(region));
  const { status, out } = tf(
    region,
    "init",
    "-no-color",
    "-input=false",
    "-reconfigure",
    `-backend-config=path=${join(work, `${region}.tfstate`)}`,
  );
  assert.equal(status, 0, out);
}
const kubectl = (region, ...args) =>
  execFileSync("kubectl", ["--kubeconfig", clusters.get(region), "-n", "atoll", ...args], { encoding: "utf8" });

const startMs = performance.now();
const since = () => `${((performance.now() - startMs) / 1_000).toFixed(0)} s`;
try {
  mirror();
  for (const folder of ["modules", "roots"]) cpSync(here(`../../${folder}`), join(work, "terraform", folder), { recursive: true });
  // States in files instead of S3; a state and a lock a region all the same.
  writeFileSync(join(root, "backend_override.tf"), 'terraform {\n  backend "local" {}\n}\n');
  const topology = JSON.parse(readFileSync(here("../../examples/kubernetes-existing-clusters/regions.json"), "utf8"));
  writeFileSync(list, JSON.stringify(topology));

  for (const region of ["us", "eu"]) {
    await open(region);
    say(`${region}:`, apply(region));
    assert.equal(plan(region), 0, `${region}'s second plan is not empty`);
  }
  say(`two regions applied, their second plans are empty, ${since()}`);
  say(kubectl("eu", "get", "statefulsets,poddisruptionbudgets,networkpolicies", "-o", "name").trim().split("\n").join(" "));

  kubectl("eu", "scale", "statefulset", "eu-js", "--replicas=1");
  kubectl("eu", "delete", "networkpolicy", "eu-gw");
  assert.equal(plan("eu"), 2, "what was changed by hand was not seen");
  say("changed by hand, healed:", apply("eu"));
  assert.equal(plan("eu"), 0);
  assert.equal(kubectl("eu", "get", "statefulset", "eu-js", "-o", "jsonpath={.spec.replicas}"), "3");

  const [us] = topology.regions;
  topology.regions.push({
    ...us,
    name: "ap",
    displayName: "Singapore",
    index: 2,
    url: "https://ap.gw.chat.example.net",
    ws: "wss://ap.gw.chat.example.net/v1/connect",
    link: ["tls://nats.ap.chat.example.net:7222"],
    providers: { kubernetes: { context: "ap", namespace: "atoll" } },
  });
  writeFileSync(list, JSON.stringify(topology));
  await open("ap");
  say("a third region:", apply("ap"));
  for (const region of ["us", "eu"]) {
    assert.equal(plan(region), 0, `${region}'s plan is not empty`);
    manifests.set(region, rendered(region));
    const { out } = run(region, "plan");
    assert.match(out, /Plan: 0 to add, 1 to change, 0 to destroy/, "more than the list of regions would change");
  }
  say(`the others' plans are empty; with their charts rendered anew the list alone changes, ${since()}`);

  const mesh = join(work, "terraform", "roots", "mesh");
  const env = { ...process.env, TF_CLI_CONFIG_FILE: join(work, "cli.rc"), CHECKPOINT_DISABLE: "1" };
  const state = JSON.stringify({ path: join(work, "{region}.tfstate") });
  for (const args of [
    ["init", "-input=false"],
    ["apply", "-auto-approve", "-var", `topology_file=${list}`, "-var", "backend=local", "-var", `state=${state}`],
  ]) {
    const ran = spawnSync(TERRAFORM, [...args, "-no-color"], { cwd: mesh, env, encoding: "utf8" });
    assert.equal(ran.status, 0, `${ran.stdout}${ran.stderr}`);
  }
  const regions = JSON.parse(execFileSync(TERRAFORM, ["output", "-json", "regions"], { cwd: mesh, env, encoding: "utf8" }));
  assert.deepEqual(Object.keys(regions), ["ap", "eu", "us"]);
  say(
    "the mesh as its regions' states tell it:",
    Object.values(regions)
      .map(({ name, url }) => `${name} ${url}`)
      .join(", "),
  );

  const text = readFileSync(manifests.get("us"), "utf8");
  const check = (yaml) =>
    spawnSync("kubectl", ["--kubeconfig", clusters.get("us"), "-n", "atoll", "apply", "--dry-run=server", "--validate=strict", "-f", "-"], {
      input: yaml,
      encoding: "utf8",
    }).status;
  assert.equal(check(text), 0);
  assert.notEqual(check(text.replace("readinessProbe", "readynessProbe")), 0);
  say("server-side dry run: the chart is taken, a misspelt field refused");
  for (const region of ["us", "eu", "ap"]) assert.equal(run(region, "destroy", "-auto-approve").status, 0);
  say(`passed in ${since()} with ${TERRAFORM}`);
} finally {
  for (const child of children.reverse()) child.kill("SIGKILL");
  await pause(300);
  rmSync(work, { recursive: true, force: true });
}
