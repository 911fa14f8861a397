// A stand-in for AWS: a Terraform provider (plugin protocol 5) with the schema of the real one and a folder for a cloud. Each object that is applied is a
// JSON file in $STAND_IN_CLOUD; deleting a file is what somebody does in the console. It knows the schema and nothing of AWS's rules, quotas or answers.
// Started by Terraform: node stand-in.mjs SCHEMA.json
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { decode, ExtData, encode } from "@msgpack/msgpack";

const schema = JSON.parse(readFileSync(process.argv[2], "utf8"));
const cloud = process.env.STAND_IN_CLOUD;
mkdirSync(cloud, { recursive: true });

const NESTING = { SINGLE: 1, LIST: 2, SET: 3, MAP: 4 };
const UNKNOWN = new ExtData(0, new Uint8Array([0]));
const isUnknown = (value) => value instanceof ExtData;

const wireBlock = ({ attributes, block_types }) => ({
  attributes: Object.entries(attributes).map(([name, { type, required = false, optional = false, computed = false }]) => ({
    ...{ name, required, optional, computed },
    type: Buffer.from(JSON.stringify(type)),
  })),
  block_types: Object.entries(block_types).map(([type_name, { nesting, block, min_items = 0, max_items = 0 }]) => ({
    ...{ type_name, min_items, max_items },
    nesting: NESTING[nesting],
    block: wireBlock(block),
  })),
});
const wireSchema = (block) => ({ version: 0, block: wireBlock(block) });
const wireSchemas = (blocks) => Object.fromEntries(Object.entries(blocks).map(([name, block]) => [name, wireSchema(block)]));
const fromWire = (value) => (value?.msgpack?.length ? decode(value.msgpack) : value?.json?.length ? JSON.parse(value.json) : null);
const toWire = (value) => ({ msgpack: Buffer.from(encode(value)) });

/** Gives a value to everything that the cloud fills in. */
function filled(value, block, give) {
  if (value === null || isUnknown(value)) return value;
  for (const [name, { type, computed }] of Object.entries(block.attributes))
    if (computed && (value[name] === undefined || value[name] === null || isUnknown(value[name]))) value[name] = give(name, type);
  for (const [name, nested] of Object.entries(block.block_types))
    for (const one of [value[name]].flat()) if (one) filled(one, nested.block, give);
  return value;
}
/** What the cloud might answer: something of the right type. */
function invented(name, type) {
  const some = createHash("sha256").update(randomUUID()).digest("hex").slice(0, 12);
  if (type === "string") return name === "arn" ? `arn:aws:stand-in:::${some}` : `${name}-${some}`;
  if (type === "number") return 0;
  if (type === "bool") return false;
  if (type[0] === "object") return Object.fromEntries(Object.entries(type[1]).map(([field, inner]) => [field, invented(field, inner)]));
  if (type[0] === "list" && Array.isArray(type[1])) return [invented(name, type[1])];
  return type[0] === "map" ? {} : [];
}
function withoutUnknown(value) {
  if (isUnknown(value)) return null;
  if (Array.isArray(value)) return value.map(withoutUnknown);
  return value !== null && typeof value === "object"
    ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withoutUnknown(v)]))
    : value;
}
const fileOf = (type, { id }) => join(cloud, `${type}.${String(id).replaceAll(/[^\w-]/g, "_")}.json`);

const DATA = {
  aws_availability_zones: { names: ["zone-a", "zone-b", "zone-c", "zone-d"] },
  aws_iam_policy_document: { json: "{}" },
  aws_partition: { partition: "aws" },
};

function apply({ type_name, prior_state, planned_state }) {
  const planned = fromWire(planned_state);
  if (planned === null) {
    rmSync(fileOf(type_name, fromWire(prior_state)), { force: true });
    return { new_state: planned_state };
  }
  const made = withoutUnknown(filled(planned, schema.resources[type_name], invented));
  writeFileSync(fileOf(type_name, made), JSON.stringify(made));
  return { new_state: toWire(made), legacy_type_system: true };
}
function read({ type_name, current_state }) {
  const known = fromWire(current_state);
  const file = known === null ? "" : fileOf(type_name, known);
  return { new_state: toWire(file !== "" && existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null) };
}
const plan = ({ type_name, proposed_new_state }) => {
  const wanted = fromWire(proposed_new_state);
  return {
    planned_state: wanted === null ? proposed_new_state : toWire(filled(wanted, schema.resources[type_name], () => UNKNOWN)),
    legacy_type_system: true,
  };
};
const readData = ({ type_name, config }) => ({
  state: toWire(withoutUnknown(filled({ ...fromWire(config), ...DATA[type_name] }, schema.data[type_name], invented))),
});

const answer = (act) => (call, done) => {
  try {
    done(null, act(call.request));
  } catch (error) {
    done(null, { diagnostics: [{ severity: 1, summary: `stand-in: ${error.message}`, detail: error.stack }] });
  }
};
const end = (_call, done) => {
  done(null, {});
  setTimeout(() => process.exit(0), 20);
};
const proto = (name) => grpc.loadPackageDefinition(loader.loadSync(fileURLToPath(new URL(name, import.meta.url)), { keepCase: true }));
const server = new grpc.Server({ "grpc.max_send_message_length": -1, "grpc.max_receive_message_length": -1 });
server.addService(proto("protocol.proto").tfplugin5.Provider.service, {
  GetSchema: answer(() => ({
    provider: wireSchema(schema.provider),
    resource_schemas: wireSchemas(schema.resources),
    data_source_schemas: wireSchemas(schema.data),
  })),
  PrepareProviderConfig: answer(({ config }) => ({ prepared_config: config })),
  ValidateResourceTypeConfig: answer(() => ({})),
  ValidateDataSourceConfig: answer(() => ({})),
  Configure: answer(() => ({})),
  UpgradeResourceState: answer(({ raw_state }) => ({ upgraded_state: { json: raw_state.json } })),
  ReadResource: answer(read),
  PlanResourceChange: answer(plan),
  ApplyResourceChange: answer(apply),
  ReadDataSource: answer(readData),
  Stop: end,
});
server.addService(proto("shutdown.proto").plugin.GRPCController.service, { Shutdown: end });

/** Terraform hands over its certificate and wants ours in the line that says where we listen. */
function credentials(theirs) {
  if (!theirs) return [grpc.ServerCredentials.createInsecure(), ""];
  const folder = mkdtempSync(join(tmpdir(), "stand-in-"));
  const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
  const uses = [
    "subjectAltName=DNS:localhost",
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=digitalSignature,keyCertSign",
    "extendedKeyUsage=serverAuth,clientAuth",
  ];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  execFileSync("openssl", [...made, ...uses.flatMap((one) => ["-addext", one]), "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const [private_key, cert_chain] = [readFileSync(key), readFileSync(certificate)];
  rmSync(folder, { recursive: true });
  const text = cert_chain
    .toString("utf8")
    .replaceAll(/-----[^-]+-----|\s/g, "")
    .replace(/=+$/, "");
  return [grpc.ServerCredentials.createSsl(Buffer.from(theirs), [{ private_key, cert_chain }], true), text];
}
const [secured, certificate] = credentials(process.env.PLUGIN_CLIENT_CERT);
server.bindAsync("127.0.0.1:0", secured, (error, port) => {
  if (error) throw error;
  process.stdout.write(`1|5|tcp|127.0.0.1:${port}|grpc|${certificate}\n`);
});
process.on("SIGINT", () => {});
