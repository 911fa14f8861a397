// npm run terraform:aws: validates, plans and applies the AWS modules with the real provider's schema and a stand-in for AWS; a region more only creates, a
// drained one withdraws one record, what somebody deletes is seen, a misspelt argument is refused. ATOLL_TERRAFORM=tofu for OpenTofu.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mirrorFor, TERRAFORM } from "../mirror.mjs";
import { schemaOf } from "./schema.mjs";

const PACKAGES = ["@grpc/grpc-js@1.14.0", "@grpc/proto-loader@0.8.0", "@msgpack/msgpack@3.1.2"];
const BINDINGS = "@cdktf/provider-aws@21.22.1";
const KINDS =
  "provider vpc default-security-group subnet internet-gateway nat-gateway eip route-table route-table-association route lb lb-target-group lb-listener kms-key iam-role iam-role-policy-attachment eks-cluster route53-zone route53-record route53-health-check cloudwatch-metric-alarm data-aws-availability-zones data-aws-partition data-aws-iam-policy-document".split(
    " ",
  );
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "atoll", "aws");
const work = mkdtempSync(join(tmpdir(), "atoll-aws-"));
const say = (...words) => console.log(...words);

function fetchOnce() {
  mkdirSync(cache, { recursive: true });
  const quiet = ["--silent", "--no-audit", "--no-fund"];
  if (!existsSync(join(cache, "node_modules", "@grpc")))
    execFileSync("npm", ["install", ...quiet, "--no-save", "--prefix", cache, ...PACKAGES]);
  const schema = join(cache, "schema.json");
  if (existsSync(schema)) return schema;
  const [archive] = execFileSync("npm", ["pack", "--silent", BINDINGS], { cwd: cache, encoding: "utf8" }).trim().split("\n").slice(-1);
  execFileSync("tar", ["xzf", archive], { cwd: cache });
  const made = schemaOf(join(cache, "package"), KINDS);
  writeFileSync(schema, JSON.stringify(made));
  rmSync(join(cache, "package"), { recursive: true });
  rmSync(join(cache, archive));
  return schema;
}

/** A mirror in which this CLI finds the stand-in under the provider's name. */
function mirror(schema) {
  const folder = mirrorFor(work, "hashicorp/aws", "6.25.0");
  const program = join(work, "stand-in");
  cpSync(here("."), program, { recursive: true });
  symlinkSync(join(cache, "node_modules"), join(program, "node_modules"));
  writeFileSync(join(folder, "terraform-provider-aws_v6.25.0"), `#!/bin/sh\nexec node ${join(program, "stand-in.mjs")} ${schema}\n`, {
    mode: 0o755,
  });
}

const startMs = performance.now();
const schema = fetchOnce();
mirror(schema);
cpSync(here("../../modules"), join(work, "terraform", "modules"), { recursive: true });
cpSync(here("../../examples"), join(work, "terraform", "examples"), { recursive: true });
const root = join(work, "terraform", "examples", "aws-three-regions");
const cloud = join(work, "cloud");
const env = {
  ...process.env,
  TF_CLI_CONFIG_FILE: join(work, "cli.rc"),
  CHECKPOINT_DISABLE: "1",
  STAND_IN_CLOUD: cloud,
  AWS_EC2_METADATA_DISABLED: "true",
};
const tf = (...args) => {
  const { status, stdout, stderr } = spawnSync(TERRAFORM, args, { cwd: root, env, encoding: "utf8", maxBuffer: 1 << 28 });
  return { status, out: `${stdout}${stderr}`, stdout };
};
const good = (...args) => {
  const ran = tf(...args);
  assert.equal(ran.status, 0, ran.out);
  return ran;
};
const list = join(root, "regions.json");
const change = (act) => {
  const topology = JSON.parse(readFileSync(list, "utf8"));
  act(topology.regions);
  writeFileSync(list, JSON.stringify(topology));
};
/** Actions of a plan by kind, and the addresses of all that is not created. */
function planned() {
  good("plan", "-no-color", "-input=false", "-out=plan");
  const { resource_changes = [] } = JSON.parse(good("show", "-json", "plan").stdout);
  const counts = {};
  const touched = [];
  for (const { address, change } of resource_changes) {
    const action = change.actions.join("+");
    counts[action] = (counts[action] ?? 0) + 1;
    if (!["create", "no-op", "read"].includes(action)) touched.push(`${action} ${address}`);
  }
  return { counts, touched };
}
const apply = () => good("apply", "-no-color", "-auto-approve", "-input=false").out.match(/Resources: .*/)[0];
const nothingToDo = () => assert.equal(tf("plan", "-no-color", "-input=false", "-detailed-exitcode").status, 0, "the plan is not empty");

try {
  const { version, resources } = JSON.parse(readFileSync(schema, "utf8"));
  say(`schema of AWS provider ${version}: ${Object.keys(resources).length} resource types`);
  good("init", "-no-color", "-input=false");
  good("validate", "-no-color");
  say("three regions:", apply());
  nothingToDo();

  change((regions) =>
    regions.push({
      ...regions[0],
      name: "sa",
      index: 3,
      url: "https://sa.gw.chat.example.net",
      ws: "wss://sa.gw.chat.example.net/v1/connect",
      link: ["tls://nats.sa.chat.example.net:7222"],
      providers: { aws: { region: "sa-east-1" } },
    }),
  );
  const more = planned();
  assert.deepEqual(more.touched, []);
  say("a fourth region:", JSON.stringify(more.counts));
  say("applied:", apply());

  change((regions) => Object.assign(regions[1], { drained: true }));
  const drained = planned();
  assert.deepEqual(drained.touched, ['delete module.geodns.aws_route53_record.steered["eu"]']);
  say("eu drained:", JSON.stringify(drained.counts), drained.touched.join());
  apply();

  const [victim] = readdirSync(cloud).filter((name) => name.startsWith("aws_route53_health_check."));
  rmSync(join(cloud, victim));
  assert.equal(tf("plan", "-no-color", "-input=false", "-detailed-exitcode").status, 2, "the deleted object was not missed");
  apply();
  nothingToDo();
  say("an object deleted behind Terraform's back: seen, made again");

  const module = join(work, "terraform", "modules", "geodns-route53", "main.tf");
  const text = readFileSync(module, "utf8");
  for (const [wrong, why] of [
    [text.replace("failure_threshold", "failure_treshold"), /failure_treshold/],
    [text.replace("  latency_routing_policy {\n", "  latency_routing_policy {\n    weight = 1\n"), /weight/],
    [text.replace('type              = "HTTPS"', "# no type"), /type/],
  ]) {
    writeFileSync(module, wrong);
    const { status, out } = tf("validate", "-no-color");
    assert.equal(status, 1);
    assert.match(out, why);
  }
  writeFileSync(module, text);
  say("a misspelt argument, one that is not of its block, one that is missing: refused");
  say("destroyed:", good("destroy", "-no-color", "-auto-approve").out.match(/Resources: .*/)[0]);
  assert.deepEqual(readdirSync(cloud), []);
  say(`passed in ${((performance.now() - startMs) / 1_000).toFixed(0)} s with ${TERRAFORM}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
