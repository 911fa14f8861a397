/** `atoll up`: a mesh of regions on this machine, in the foreground until Ctrl-C, or detached. */

import { writeSync } from "node:fs";
import { meshFolder } from "../mesh/folder.ts";
import { keptRegions, type ProcessCounts } from "../mesh/plan.ts";
import { Refused } from "../mesh/refused.ts";
import { type StoreSwitches, switchesOf } from "../mesh/store-switches.ts";
import type { RunningMesh, UpOptions } from "../mesh/supervisor.ts";
import { type Answer, type Io, Stop } from "./answer.ts";
import { parseClockOffsets, parseCount, parseDelays, parsePort, parseRegions } from "./assignment.ts";
import type { Asked, Define } from "./define.ts";
import { collect, examples } from "./define.ts";
import { leave } from "./leave.ts";
import { mendOfRefusal } from "./system-refusals.ts";
import { upDetached } from "./up-detached.ts";
import { firstWords, type Word } from "./up-words.ts";

export interface Options {
  readonly regions?: string;
  readonly port: string;
  readonly delay?: readonly string[];
  readonly clockOffset?: readonly string[];
  readonly natsServer?: string;
  readonly redis?: string;
  readonly mongodb?: string;
  readonly cassandra?: string;
  readonly gateways: string;
  readonly reconcilers: string;
  readonly detach?: boolean;
}

const GATEWAYS_MOST = 16;
const RECONCILERS_MOST = 8;
/** A detached supervisor's stderr is its log file. */
const LOG = 2;

export const define: Define = (command, finish) => {
  command
    .option("--regions <list>", "names of the regions, by comma (default: us,eu,ap; or those the folder has)")
    .option("--port <port>", "region i listens on port + i, GeoDNS on port + 53", "8800")
    .option("--delay <link=length>", "one-way delay of a link, like us-eu=40ms; may be given several times", collect)
    .option("--clock-offset <region=length>", "a wrong clock, like eu=+1h; may be given several times", collect)
    .option("--nats-server <path>", "the nats-server to run (default: found or installed)")
    .option(
      "--cassandra <hosts>",
      "message history in this Cassandra, host[:port] by comma (default: ATOLL_CASSANDRA_CONTACT_POINTS, else embedded)",
    )
    .option("--redis <url>", "presence, sessions and rate limits in this Redis (default: ATOLL_REDIS_URL, else in memory)")
    .option("--mongodb <uri>", "users, channels and members in this MongoDB too (default: ATOLL_MONGODB_URI, else embedded alone)")
    .option("--gateways <n>", "gateway processes of each region, apart from its reconciler; 0: one process does all", "0")
    .option("--reconcilers <n>", "reconciler processes of each region, which share out what is brought into Cassandra and MongoDB", "1")
    .option("--detach", "return when ready; stop it with atoll down")
    .addHelpText(
      "after",
      examples(
        "atoll up",
        "atoll up --detach --data /tmp/mesh --port 9000",
        "atoll up --delay us-eu=40ms --delay us-ap=90ms    # as far apart as they are",
        "atoll up --clock-offset eu=+1h                   # what does a wrong clock do?",
        "atoll up --cassandra 127.0.0.1                   # each region a keyspace of its own",
        "atoll up --gateways 2                            # sockets in processes of their own",
        "atoll up --redis redis://127.0.0.1:6379 --mongodb mongodb://127.0.0.1:27017/?replicaSet=rs0",
      ),
    );
  finish(command, async ({ options, io, json }: Asked<Options>) => {
    const folder = meshFolder(options.data);
    const regions = options.regions === undefined ? (keptRegions(folder) ?? ["us", "eu", "ap"]) : parseRegions(options.regions);
    const stores = switchesOf(options, io.environment);
    const plan: Omit<UpOptions, "tell"> = {
      folder,
      regions,
      port: parsePort(options.port),
      delays: parseDelays(options.delay ?? [], regions),
      clockOffsets: parseClockOffsets(options.clockOffset ?? [], regions),
      ...(options.natsServer === undefined ? {} : { natsServer: options.natsServer }),
      stores,
      processes: processesOf(options, stores),
    };
    if (options.detach === true) return upDetached(folder, process.argv.slice(2), io);
    return process.send === undefined ? inForeground(plan, io, json) : forSomebody(plan);
  });
};

/** Without a store that follows there is nothing to share out: one reconciler does all, however many were asked for. */
function processesOf({ gateways, reconcilers }: Options, { cassandra, mongodb }: StoreSwitches): ProcessCounts {
  const asked = parseCount("--reconcilers", reconcilers, RECONCILERS_MOST);
  return {
    gateways: parseCount("--gateways", gateways, GATEWAYS_MOST),
    reconcilers: cassandra === undefined && mongodb === undefined ? 1 : Math.max(1, asked),
  };
}

/** Ends the mesh on the signals that mean "end"; the second one is not patient. */
function onSignals(first: () => void): () => void {
  let asked = false;
  const react = (): void => {
    if (asked) process.exit(130); // the warden and the next `up` clear what is left
    asked = true;
    first();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, react);
  return () => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, react);
  };
}

async function run(
  plan: Omit<UpOptions, "tell">,
  tell: (line: string) => void,
  ready: (mesh: RunningMesh) => void,
  stopping: () => void,
): Promise<void> {
  const { superviseMesh } = await import("../mesh/supervisor.ts");
  const asked = new AbortController();
  let mesh: RunningMesh | undefined;
  onSignals(() => {
    stopping();
    asked.abort();
    void mesh?.stop();
  });
  // Whoever started this detached is gone before it was ready: nobody waits for it any more.
  process.once("disconnect", () => {
    if (mesh === undefined) asked.abort();
  });
  const crashed = (error: unknown): void => {
    tell(`the supervisor failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    void (mesh?.stop() ?? Promise.resolve()).finally(() => process.exit(1));
  };
  process.on("uncaughtException", crashed).on("unhandledRejection", crashed);
  mesh = await superviseMesh({ ...plan, tell }, asked.signal);
  ready(mesh);
  await mesh.stopped;
}

async function inForeground(plan: Omit<UpOptions, "tell">, io: Io, json: boolean): Promise<Answer> {
  const tell = (line: string): void => io.err(`atoll: ${line}\n`);
  tell(`starting ${plan.regions.length} regions in ${plan.folder.root}`);
  try {
    await run(
      plan,
      tell,
      (mesh) => io.out(json ? `${JSON.stringify(mesh.ready)}\n` : firstWords(mesh)),
      () => tell("stopping (again to stop at once)"),
    );
  } catch (error) {
    throw error instanceof Refused ? new Stop(error.code, error.message, error.hint) : error;
  }
  setImmediate(leave, 0);
  return { code: 0, document: undefined, ...(json ? {} : { text: "stopped; the data stay" }) };
}

/** Started detached: what there is to say goes over the channel until the mesh is ready, then into its log. */
async function forSomebody(plan: Omit<UpOptions, "tell">): Promise<Answer> {
  const say = (word: Word): void => {
    if (process.connected) process.send?.(word);
  };
  const note = (line: string): void => {
    try {
      writeSync(LOG, `${new Date().toISOString()} ${line}\n`);
    } catch {} // the disk is full: the mesh goes on, this line is lost
  };
  const tell = (line: string): void => {
    note(line);
    say({ progress: line });
  };
  try {
    await run(
      plan,
      tell,
      (mesh) => {
        say({ ready: mesh.ready });
        process.disconnect?.();
      },
      () => tell("stopping"),
    );
  } catch (error) {
    const refused =
      error instanceof Refused ? error : new Refused(1, error instanceof Error ? error.message : String(error), mendOfRefusal(error));
    say({ refused: { code: refused.code, message: refused.message, ...(refused.hint === undefined ? {} : { hint: refused.hint }) } });
    note(refused.message);
    setImmediate(leave, refused.code);
    return { code: refused.code, document: undefined };
  }
  setImmediate(leave, 0);
  return { code: 0, document: undefined };
}
