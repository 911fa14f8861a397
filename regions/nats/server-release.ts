/**
 * The official release of nats-server, downloaded and compared with a hash that stands here. A download whose hash is not in the table is never
 * run: a version is added by copying its lines from the `SHA256SUMS` file of that release, in a commit of its own.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** "nats-server-v2.14.9-linux-amd64.tar.gz" -> SHA-256 in hex. */
export type Hashes = Readonly<Record<string, string>>;
export const RELEASE_HASHES: Hashes = {};
const RELEASES = "https://github.com/nats-io/nats-server/releases/download";

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Name of the release's archive for a machine; undefined where there is none for it. */
export function archiveName(version: string, platform: string, arch: string): string | undefined {
  const cpu = ARCHITECTURES[arch];
  return cpu && (platform === "linux" || platform === "darwin") ? `nats-server-v${version}-${platform}-${cpu}.tar.gz` : undefined;
}

export interface Download {
  readonly version: string;
  readonly archive: string;
  readonly target: string;
  readonly hashes: Hashes;
  readonly releases?: string;
}

/** Puts the server at `target`. Rejects before anything is downloaded when the archive's hash is unknown, and before anything is unpacked when it differs. */
export async function downloadRelease({ version, archive, target, hashes, releases = RELEASES }: Download): Promise<void> {
  const expected = hashes[archive];
  if (!expected) throw new Error(`no known hash for ${archive}`);
  const reply = await fetch(`${releases}/v${version}/${archive}`, { signal: AbortSignal.timeout(120_000) });
  if (!reply.ok) throw new Error(`${archive}: HTTP ${reply.status}`);
  const bytes = Buffer.from(await reply.arrayBuffer());
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (hash !== expected) throw new Error(`${archive} has hash ${hash}, expected ${expected}: not used`);
  const folder = await mkdtemp(join(tmpdir(), "atoll-nats-"));
  try {
    await writeFile(join(folder, "archive.tar.gz"), bytes);
    await promisify(execFile)("tar", ["-xzf", join(folder, "archive.tar.gz"), "-C", folder, "--strip-components=1"]);
    await copyFile(join(folder, "nats-server"), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
