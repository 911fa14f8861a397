/** `atoll doctor`: what is installed, what is missing, and the exact command that mends it. */
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { CassandraAccess } from "../cassandra/access.ts";
import { accessOf } from "../cassandra/access.ts";
import { inspectCassandra } from "../cassandra/inspect.ts";
import { meshFolder } from "../mesh/folder.ts";
import { tcpFree, udpFree } from "../mesh/ports.ts";
import { livingSupervisor } from "../mesh/roster.ts";
import { inspectMongo } from "../mongodb/inspect.ts";
import { findServer, ServerMissing } from "../nats/server-binary.ts";
import { findOrInstall } from "../nats/server-install.ts";
import { fewFiles, MORE_FILES, openFilesMost } from "../open-files.ts";
import { inspectRedis } from "../redis/inspect.ts";
import { readStoreSettings, tlsOf } from "../store-settings.ts";
import { parsePort } from "./assignment.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  readonly mend?: string;
}
interface Options {
  readonly install?: boolean;
  readonly port: string;
  readonly natsServer?: string;
  readonly redis?: string;
  readonly mongodb?: string;
  readonly cassandra?: string;
}

const MINIMUM_FREE_BYTES = 1024 ** 3;

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return {
    name: "node",
    ok,
    found: process.versions.node,
    ...(ok ? {} : { mend: "install Node 20.19 or newer: https://nodejs.org/en/download" }),
  };
}

function openFiles(): Check {
  const most = openFilesMost();
  const few = fewFiles(most);
  return {
    name: "open files",
    ok: few === undefined,
    found: few ?? (most === undefined ? "the system does not say" : `${most} a process`),
    ...(few === undefined ? {} : { mend: MORE_FILES }),
  };
}

async function natsServer(
  options: Options,
  environment: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<Check> {
  const search = { env: environment, ...(options.natsServer === undefined ? {} : { named: options.natsServer }) };
  try {
    const found = options.install === true ? await findOrInstall({ ...search, say }) : await findServer(search);
    if (found === undefined) return { name: "nats-server", ok: false, found: "none", mend: "atoll doctor --install" };
    const words = `${found.version.text} at ${found.path}`;
    if (found.durableAcks) return { name: "nats-server", ok: true, found: words };
    return { name: "nats-server", ok: true, found: `${words}; too old for durable acks`, mend: "name 2.10 or newer: --nats-server PATH" };
  } catch (error) {
    if (error instanceof ServerMissing) return { name: "nats-server", ok: false, found: error.message };
    throw error;
  }
}

function dataFolder(data: string): Check {
  const { root } = meshFolder(data);
  let there = root; // the folder, or where it would be made
  while (!existsSync(there)) there = dirname(there);
  try {
    accessSync(there, constants.W_OK);
    const { bavail, bsize } = statfsSync(there);
    const ok = bavail * bsize > MINIMUM_FREE_BYTES;
    return {
      name: "data folder",
      ok,
      found: `${root}, ${Math.floor((bavail * bsize) / 1024 ** 2)} MiB free`,
      ...(ok ? {} : { mend: "free some space, or name another folder: --data" }),
    };
  } catch (error) {
    return {
      name: "data folder",
      ok: false,
      found: `${root}: ${(error as NodeJS.ErrnoException).code}`,
      mend: "name a folder that can be written: --data",
    };
  }
}

async function ports(data: string, port: number): Promise<Check> {
  const pid = livingSupervisor(meshFolder(data));
  if (pid !== undefined) return { name: "ports", ok: true, found: `a mesh runs in the folder (pid ${pid})` };
  const wanted = [port, port + 1, port + 2, port + 53];
  const free = await Promise.all([...wanted.map(tcpFree), udpFree(port + 53)]);
  const taken = wanted.filter((_, i) => free[i] === false || (i === 3 && free[4] === false));
  return taken.length === 0
    ? { name: "ports", ok: true, found: `${wanted.join(", ")} are free` }
    : { name: "ports", ok: false, found: `in use: ${taken.join(", ")}`, mend: "end what listens there, or choose others: atoll up --port" };
}

const unnamed = ({ keyspace: _, ...access }: CassandraAccess): Omit<CassandraAccess, "keyspace"> => access;

/** Real stores that were named: which server answers. Those that were not are embedded and always there. */
async function stores(options: Options, environment: Readonly<Record<string, string | undefined>>): Promise<readonly Check[]> {
  const addresses = {
    ...(options.cassandra === undefined ? {} : { ATOLL_CASSANDRA_CONTACT_POINTS: options.cassandra }),
    ...(options.mongodb === undefined ? {} : { ATOLL_MONGODB_URI: options.mongodb, ATOLL_MONGODB_URI_FILE: undefined }),
    ...(options.redis === undefined ? {} : { ATOLL_REDIS_URL: options.redis, ATOLL_REDIS_URL_FILE: undefined }),
  };
  const read = readStoreSettings({ ...environment, ...addresses });
  if ("problems" in read)
    return read.problems.map(({ key, problem, mend }) => ({ name: "stores", ok: false, found: `${key} ${problem}`, mend }));
  const { config } = read;
  // Whose keyspace it would be is known where a region is named, as for atoll serve.
  const region = environment["ATOLL_REGION"];
  const access = accessOf({ ...config, ATOLL_REGION: region ?? "" });
  const { ATOLL_MONGODB_URI: mongodb, ATOLL_REDIS_URL: redis } = config;
  const named = async (name: string, found: Promise<Omit<Check, "name">>): Promise<Check> => ({ name, ...(await found) });
  return Promise.all([
    ...(access === undefined
      ? []
      : [named("cassandra", inspectCassandra(region || config.ATOLL_CASSANDRA_KEYSPACE ? access : unnamed(access)))]),
    ...(mongodb === undefined ? [] : [named("mongodb", inspectMongo(mongodb, tlsOf(config, "MONGODB")))]),
    ...(redis === undefined ? [] : [named("redis", inspectRedis(redis, tlsOf(config, "REDIS")))]),
  ]);
}

export const define: Define = (command, finish) => {
  command
    .option("--install", "install what is missing")
    .option("--port <port>", "the first port that `up` would use", "8800")
    .option("--nats-server <path>", "the nats-server that `up` would run")
    .option("--cassandra <hosts>", "the Cassandra that `up` would use (default: ATOLL_CASSANDRA_CONTACT_POINTS)")
    .option("--redis <url>", "the Redis that `up` would use (default: ATOLL_REDIS_URL)")
    .option("--mongodb <uri>", "the MongoDB that `up` would use (default: ATOLL_MONGODB_URI)")
    .addHelpText("after", examples("atoll doctor", "atoll doctor --install", "atoll doctor --redis redis://127.0.0.1:6379"));
  finish(command, async ({ options, io }: Asked<Options>) => {
    const say = (line: string): void => io.err(`atoll: ${line}\n`);
    const checks = [
      node(),
      await natsServer(options, io.environment, say),
      openFiles(),
      dataFolder(options.data),
      await ports(options.data, parsePort(options.port)),
      // Nobody installs a store but its operator.
      ...(options.install === true ? [] : await stores(options, io.environment)),
    ];
    // With --install the question is whether everything is installed; a port in use is no reason to stop a build.
    const ok = checks.every((check) => check.ok || (options.install === true && check.name === "ports"));
    const text = checks.map(
      ({ name, ok: well, found, mend }) =>
        `${well ? "ok     " : "MISSING"} ${name.padEnd(12)} ${found}${mend === undefined ? "" : `\n        mend: ${mend}`}`,
    );
    return { code: ok ? 0 : 1, document: { ok, checks }, text: text.join("\n") };
  });
};
