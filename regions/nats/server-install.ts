/** Installs a nats-server where none was found (contract §1): the official release, else built with Go, else the system's package. Each says so in one line. */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cachedServer, type FoundServer, findOnPath, findServer, inspect, type SearchOptions, ServerMissing } from "./server-binary.ts";
import { archiveName, downloadRelease, RELEASE_HASHES } from "./server-release.ts";
import { DEFAULT_VERSION, isUsable } from "./server-version.ts";

const run = promisify(execFile);
const BUILD_MS = 600_000;

export interface InstallOptions extends SearchOptions {
  /** Told one line for every step that is tried, and one for why it did not work. */
  readonly say: (line: string) => void;
}
interface Step {
  readonly name: string;
  readonly put: (target: string) => Promise<void>;
}

/** The server to run: found, or installed. Rejects with ServerMissing, whose one line names the command that mends it. */
export async function findOrInstall(options: InstallOptions): Promise<FoundServer> {
  const found = (await findServer(options)) ?? (await installServer(options));
  if (!found.durableAcks) {
    options.say(
      `nats-server ${found.version.text} cannot make acks durable: an accepted message may be lost in a power failure. Use 2.10 or newer.`,
    );
  }
  return found;
}

async function installServer({ env, say }: InstallOptions): Promise<FoundServer> {
  const target = cachedServer(env);
  for (const step of [release(), goInstall(env)]) {
    try {
      say(`installing nats-server ${DEFAULT_VERSION}: ${step.name}`);
      return await intoCache(target, step);
    } catch (error) {
      say(`  not possible: ${firstLine(error)}`);
    }
  }
  return fromSystem(env, say);
}

const release = (): Step => ({
  name: "official release",
  put: async (target) => {
    const archive = archiveName(DEFAULT_VERSION, process.platform, process.arch);
    if (!archive) throw new Error(`no release for ${process.platform} ${process.arch}`);
    await downloadRelease({ version: DEFAULT_VERSION, archive, target, hashes: RELEASE_HASHES });
  },
});

const goInstall = (env: SearchOptions["env"]): Step => ({
  name: "go install (about a minute)",
  put: async (target) => {
    const settings = { GOBIN: dirname(target), GOTOOLCHAIN: "local", CGO_ENABLED: "0" };
    const what = `github.com/nats-io/nats-server/v2@v${DEFAULT_VERSION}`;
    await run("go", ["install", "-trimpath", "-ldflags", "-s -w", what], { env: { ...env, ...settings }, timeout: BUILD_MS });
  },
});

/** Into a folder beside it first, then renamed: a server that is half there is never found. */
async function intoCache(target: string, step: Step): Promise<FoundServer> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), "install-"));
  try {
    const made = join(folder, "nats-server");
    await step.put(made);
    await chmod(made, 0o755);
    if (!(await inspect(made, "cache"))) throw new Error("the installed server does not run");
    await rename(made, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const found = await inspect(target, "cache");
  if (!found) throw new Error(`${target} does not run`);
  return found;
}

/** Debian 12's is 2.9.10: good enough to try things out, without durable acks. */
async function fromSystem(env: SearchOptions["env"], say: (line: string) => void): Promise<FoundServer> {
  const there = await usableOnPath(env);
  if (there) return there;
  say("installing nats-server: the system's package");
  try {
    await run("apt-get", ["install", "-y", "nats-server"], { timeout: BUILD_MS });
  } catch (error) {
    say(`  not possible: ${firstLine(error)}`);
  }
  const installed = await usableOnPath(env);
  if (installed) return installed;
  const command = `GOTOOLCHAIN=local CGO_ENABLED=0 go install github.com/nats-io/nats-server/v2@v${DEFAULT_VERSION}`;
  throw new ServerMissing(`nats-server >= 2.10 is missing: install Go and run \`${command}\`, or name one with --nats-server PATH`);
}

async function usableOnPath(env: SearchOptions["env"]): Promise<FoundServer | undefined> {
  const found = await findOnPath(env);
  return found && isUsable(found.version) ? { ...found, source: "system" } : undefined;
}

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
