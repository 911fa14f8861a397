/** A real Cassandra node for tests: started, killed, held and asked as an operator would. Everything of it lies in one folder and listens on loopback. */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import type { Certified } from "./certificates.ts";
import { fetchCassandra, jammIn, javaFlags } from "./java.ts";
import { ownerPid, runFolder, sharedInRun } from "./run-folder.ts";
import { freePort, until } from "./server.ts";

const run = promisify(execFile);
const BOOT_MS = 120_000;

/** Where a node is, in plain JSON. */
export interface NodePlace {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly storagePort: number;
  readonly jmxPort: number;
  readonly dc: string;
  /** The address under which other nodes reach it, where that is not its own. */
  readonly broadcast?: string;
}
export interface NodeOptions {
  readonly folder: string;
  readonly address?: string;
  readonly dc?: string;
  /** "address:storagePort" of nodes to join; itself when absent. */
  readonly seeds?: readonly string[];
  readonly port?: number;
  readonly broadcast?: string;
}
interface NodeSettings {
  /** Tables are made ten times quicker, and lost by a SIGKILL: only for a node that is never started again. */
  readonly lossySchema?: boolean;
  /** Clients speak TLS with a certificate of their own, and sign in. */
  readonly secured?: Certified;
}

/** Whether nobody listens there: a dying JVM keeps its sockets for up to a second. */
const isFree = (address: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });

export async function placeNode({ folder, address = "127.0.0.1", dc = "dc1", port, broadcast }: NodeOptions): Promise<NodePlace> {
  const [cql, storagePort, jmxPort] = [port ?? (await freePort()), await freePort(), await freePort()];
  return { folder, address, dc, port: cql, storagePort, jmxPort, ...(broadcast === undefined ? {} : { broadcast }) };
}

const yaml = (
  { folder, address, port, storagePort, broadcast }: NodePlace,
  seeds: readonly string[],
  { secured }: NodeSettings,
): string => `cluster_name: atoll
num_tokens: 1
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: GossipingPropertyFileSnitch
listen_address: ${address}
${broadcast === undefined ? "" : `broadcast_address: ${broadcast}`}
storage_port: ${storagePort}
rpc_address: ${address}
native_transport_port: ${port}
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "${seeds.join(",")}"
data_file_directories: [ "${folder}/data" ]
commitlog_directory: ${folder}/commitlog
saved_caches_directory: ${folder}/saved_caches
hints_directory: ${folder}/hints
cdc_raw_directory: ${folder}/cdc_raw
# The default, and what most clusters run with: a SIGKILL takes back what was acknowledged last.
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 32MiB
storage_compatibility_mode: NONE
sstable:
  selected_format: bti
memtable:
  configurations:
    trie:
      class_name: TrieMemtable
    default:
      inherits: trie
memtable_allocation_type: offheap_objects
auto_snapshot: false
disk_failure_policy: stop
commit_failure_policy: stop
authenticator: ${secured === undefined ? "AllowAll" : "Password"}Authenticator
authorizer: ${secured === undefined ? "AllowAll" : "Cassandra"}Authorizer
role_manager: CassandraRoleManager
${secured === undefined ? "" : clientTls(secured)}`;

/** Both ways: the node shows a certificate, and wants one of its clients. */
const clientTls = ({ both, ca }: Certified): string => `client_encryption_options:
  enabled: true
  optional: false
  require_client_auth: true
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: ${both}
  truststore: ${ca}
`;

const LOGBACK = `<configuration><appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
<encoder><pattern>%-5level [%thread] %date{ISO8601} %F:%L - %msg%n</pattern></encoder></appender>
<root level="INFO"><appender-ref ref="OUT"/></root></configuration>
`;

function flagsOf(place: NodePlace, jars: string, lossySchema: boolean): readonly string[] {
  const { folder, jmxPort } = place;
  const properties = {
    "jdk.attach.allowAttachSelf": true,
    "io.netty.tryReflectionSetAccessible": true,
    "cassandra.config": `file://${folder}/cassandra.yaml`,
    "cassandra-rackdc.properties": `file://${folder}/rackdc.properties`,
    "logback.configurationFile": `file://${folder}/logback.xml`,
    "cassandra-foreground": "yes",
    "cassandra.storagedir": folder,
    "cassandra.logdir": folder,
    "java.io.tmpdir": folder,
    "cassandra.jmx.local.port": jmxPort,
    "com.sun.management.jmxremote.authenticate": false,
    // No delay at the start; the second keeps nodes that start together in one ring.
    "cassandra.skip_wait_for_gossip_to_settle": 0,
    "cassandra.ring_delay_ms": 0,
    "cassandra.gossip_quarantine_delay_ms": 60_000,
    "cassandra.superuser_setup_delay_ms": 0,
    "cassandra.shutdown_announce_in_ms": 0,
    ...(lossySchema ? { "cassandra.test.flush_local_schema_changes": false } : {}),
  };
  return [
    `-javaagent:${jammIn(jars)}`,
    // A small heap at the start: Cassandra as root locks all of it in memory.
    ..."-Xms64m -Xmx512m -Xss256k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -XX:+PerfDisableSharedMem -XX:ErrorFile=/dev/null".split(
      " ",
    ),
    ...(process.env["ATOLL_TEST_CASSANDRA_JVM"]?.split(" ") ?? []),
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    ...javaFlags(jars),
    "org.apache.cassandra.service.CassandraDaemon",
  ];
}

/** Starts java, and ends it when the run is over, however that came about. */
const GUARD = `java "$@" & pid=$!; echo $pid >"$PID_FILE"; (while kill -0 "$OWNER" 2>/dev/null && kill -0 $pid 2>/dev/null; do sleep 1; done; kill -9 $pid 2>/dev/null) & wait $pid`;

export interface CassandraNode {
  readonly place: NodePlace;
  start(): Promise<void>;
  /** SIGKILL; resolves when its port is free. */
  kill(): Promise<void>;
  /** SIGSTOP: its connections stay open and nothing answers. */
  hold(): void;
  release(): void;
  nodetool(...args: readonly string[]): Promise<string>;
}

/** A node at its place; not running yet. */
export function cassandraNode(place: NodePlace, { seeds, ...settings }: Pick<NodeOptions, "seeds"> & NodeSettings = {}): CassandraNode {
  const { folder, address, port, jmxPort, dc, storagePort } = place;
  const pidFile = join(runFolder(), `cassandra-${address}-${port}.pid`);
  const logFile = join(folder, "cassandra.log");
  const pid = (): number => Number(readFileSync(pidFile, "utf8"));
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, "utf8") : "");

  return {
    place,
    async start() {
      const jars = await fetchCassandra();
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "cassandra.yaml"), yaml(place, seeds ?? [`${address}:${storagePort}`], settings));
      writeFileSync(join(folder, "rackdc.properties"), `dc=${dc}\nrack=r1\n`);
      writeFileSync(join(folder, "logback.xml"), LOGBACK);
      const before = log().length;
      const environment = { ...process.env, MALLOC_ARENA_MAX: "2", OWNER: String(ownerPid()), PID_FILE: pidFile };
      const command = `exec >>"${logFile}" 2>&1; ${GUARD}`;
      let ended = false;
      const child = spawn("sh", ["-c", command, "sh", ...flagsOf(place, jars, settings.lossySchema === true)], {
        env: environment,
        detached: true,
        stdio: "ignore",
      });
      child.once("exit", () => {
        ended = true;
      });
      child.unref();
      const untilMs = performance.now() + BOOT_MS;
      while (!/Startup complete/.test(log().slice(before))) {
        if (ended || performance.now() > untilMs)
          throw new Error(
            `no Cassandra at ${address}:${port}: ${log()
              .slice(before)
              .split("\n")
              .filter((line) => /ERROR|Exception|error/.test(line))
              .slice(0, 3)
              .join(" / ")}`,
          );
        await pause(100);
      }
    },
    async kill() {
      process.kill(pid(), "SIGKILL");
      await until("its port is free", () => isFree(address, port));
    },
    hold: () => process.kill(pid(), "SIGSTOP"),
    release: () => process.kill(pid(), "SIGCONT"),
    async nodetool(...args) {
      const jars = await fetchCassandra();
      const flags = [
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        `-Dcassandra.storagedir=${folder}`,
        `-Dlogback.configurationFile=file://${folder}/logback.xml`,
      ];
      const { stdout } = await run("java", [
        ...flags,
        ...javaFlags(jars),
        "org.apache.cassandra.tools.NodeTool",
        "-p",
        String(jmxPort),
        ...args,
      ]);
      return stdout;
    },
  };
}

/** The node that all test files of a run share: never killed, every file in a keyspace of its own. */
export async function sharedCassandra(): Promise<CassandraNode> {
  const place = await sharedInRun("cassandra", async (folder) => {
    const made = await placeNode({ folder });
    await cassandraNode(made, { lossySchema: true }).start();
    return made;
  });
  return cassandraNode(place, { lossySchema: true });
}
