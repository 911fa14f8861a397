/** Finds a nats-server, in the order of the contract (§1): the one that was named, one on PATH that is new enough, the one Atoll installed. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { canSyncAlways, DEFAULT_VERSION, isUsable, parseVersion, type ServerVersion } from "./server-version.ts";

const run = promisify(execFile);

export interface FoundServer {
  readonly path: string;
  readonly version: ServerVersion;
  readonly source: "named" | "path" | "cache" | "system";
  /** False on servers before 2.10: their acks do not survive a power failure, which must be said at every start. */
  readonly durableAcks: boolean;
}
export interface SearchOptions {
  /** From `--nats-server`; goes before ATOLL_NATS_SERVER. */
  readonly named?: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** Looked into after PATH: Debian puts servers where only root's PATH looks. */
  readonly systemFolders?: readonly string[];
}
/** One line for people: what is missing, and the command that mends it. */
export class ServerMissing extends Error {}

/** Where Atoll keeps the server it installed. */
export function cachedServer(env: SearchOptions["env"], version: string = DEFAULT_VERSION): string {
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "atoll", "nats-server", version, "nats-server");
}

/** Undefined when nothing fit is there and one has to be installed. Rejects when a server was named and cannot be used: another is not guessed. */
export async function findServer({ named, env, systemFolders }: SearchOptions): Promise<FoundServer | undefined> {
  const asked = named || env["ATOLL_NATS_SERVER"];
  if (asked) {
    const found = await inspect(asked, "named");
    if (found && isUsable(found.version)) return found;
    const why = found ? `is version ${found.version.text}, too old` : "cannot be run";
    throw new ServerMissing(`nats-server at ${asked} ${why}: name another with --nats-server PATH, or unset ATOLL_NATS_SERVER`);
  }
  const onPath = await findOnPath(env, systemFolders);
  if (onPath?.durableAcks) return onPath;
  return inspect(cachedServer(env), "cache");
}

/** The first nats-server on PATH, whatever its age. */
export async function findOnPath(
  env: SearchOptions["env"],
  systemFolders: readonly string[] = ["/usr/local/sbin", "/usr/sbin"],
): Promise<FoundServer | undefined> {
  for (const folder of [...(env["PATH"] ?? "").split(delimiter), ...systemFolders].filter(Boolean)) {
    const found = await inspect(join(folder, "nats-server"), "path");
    if (found) return found;
  }
  return undefined;
}

export async function inspect(path: string, source: FoundServer["source"]): Promise<FoundServer | undefined> {
  try {
    await access(path, constants.X_OK);
    const version = parseVersion((await run(path, ["--version"], { timeout: 10_000 })).stdout);
    return version && { path, version, source, durableAcks: canSyncAlways(version) };
  } catch {
    return undefined;
  }
}
