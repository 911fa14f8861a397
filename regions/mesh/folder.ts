/**
 * The local mesh's folder: what lies where, and what survives a stop. Data, secret and chosen ports stay; `mesh.json` is there while the mesh runs.
 * mesh.json may be shown to anybody; what opens doors (secret, control socket) lies apart, for the owner only.
 */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export interface MeshFolder {
  readonly root: string;
  /** Exactly the ready document. */
  readonly meshFile: string;
  readonly secretFile: string;
  readonly layoutFile: string;
  readonly processesFile: string;
  readonly logFile: string;
  readonly topologyFile: string;
  /** Where the supervisor takes orders. */
  readonly socket: string;
  region(name: string): string;
}

/** The longest path of a unix socket is 103 bytes on macOS, 107 on Linux. */
const SOCKET_PATH_MAX = 100;

function socketOf(root: string): string {
  const near = join(root, "control.sock");
  if (Buffer.byteLength(near) <= SOCKET_PATH_MAX) return near;
  const far = join(tmpdir(), `atoll-${process.getuid?.() ?? 0}`);
  return join(far, `${createHash("sha256").update(root).digest("hex").slice(0, 16)}.sock`);
}

export function meshFolder(data: string): MeshFolder {
  const root = resolve(data);
  return {
    root,
    meshFile: join(root, "mesh.json"),
    secretFile: join(root, "secret"),
    layoutFile: join(root, "layout.json"),
    processesFile: join(root, "processes.json"),
    logFile: join(root, "mesh.log"),
    topologyFile: join(root, "topology.json"),
    socket: socketOf(root),
    region: (name) => join(root, name),
  };
}

/** A reader sees the old file or the new one, never half of one. */
export function writeWhole(path: string, text: string, mode = 0o644): void {
  const next = `${path}.${process.pid}.next`;
  writeFileSync(next, text, { mode });
  chmodSync(next, mode);
  renameSync(next, path);
}

export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

/** The folder's secret, 32 random bytes: what tokens are signed with. Undefined when the folder has none. */
export function readSecret(folder: MeshFolder): string | undefined {
  return existsSync(folder.secretFile) ? readFileSync(folder.secretFile, "utf8").trim() : undefined;
}

export function secretOf(folder: MeshFolder): string {
  const kept = readSecret(folder);
  if (kept !== undefined && kept !== "") return kept;
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  const secret = randomBytes(32).toString("hex");
  writeWhole(folder.secretFile, `${secret}\n`, 0o600);
  return secret;
}

/** A secret for one purpose; knowing it says nothing about the folder's own. */
export const derivedSecret = (secret: string, purpose: string): string =>
  createHmac("sha256", secret).update(purpose).digest("hex").slice(0, 32);
