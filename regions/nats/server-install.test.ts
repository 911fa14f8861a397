import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cachedServer, type FoundServer, findServer as findAnywhere, type SearchOptions, ServerMissing } from "./server-binary.ts";
import { findOrInstall } from "./server-install.ts";
import { archiveName, downloadRelease } from "./server-release.ts";
import { DEFAULT_VERSION } from "./server-version.ts";

describe("finding and installing nats-server", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "atoll-server-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A program that says it is a nats-server of that version. */
  const pretend = async (path: string, version: string): Promise<string> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
    await chmod(path, 0o755);
    return path;
  };
  const env = (path = ""): { readonly PATH: string; readonly XDG_CACHE_HOME: string } => ({
    PATH: path,
    XDG_CACHE_HOME: join(folder, "cache"),
  });

  const findServer = (options: SearchOptions): Promise<FoundServer | undefined> => findAnywhere({ ...options, systemFolders: [] });

  test("the one that was named comes first, then PATH, then Atoll's own", async () => {
    await pretend(cachedServer(env()), "2.14.9");
    expect(await findServer({ env: env() })).toMatchObject({ source: "cache", durableAcks: true });
    await pretend(join(folder, "bin", "nats-server"), "2.10.27");
    expect(await findServer({ env: env(join(folder, "bin")) })).toMatchObject({ source: "path", version: { text: "2.10.27" } });
    const named = await pretend(join(folder, "mine"), "2.12.15");
    const variable = { ...env(join(folder, "bin")), ATOLL_NATS_SERVER: await pretend(join(folder, "variable"), "2.15.2") };
    expect(await findServer({ env: variable })).toMatchObject({ source: "named", version: { text: "2.15.2" } });
    expect(await findServer({ named, env: variable })).toMatchObject({ path: named });
  });

  test("a server on PATH before 2.10 is passed over for Atoll's own", async () => {
    await pretend(join(folder, "bin", "nats-server"), "2.9.10");
    await pretend(cachedServer(env()), "2.14.9");
    expect(await findServer({ env: env(join(folder, "bin")) })).toMatchObject({ source: "cache" });
  });

  test("a named server that cannot be used is said to be so, and no other is guessed", async () => {
    await pretend(cachedServer(env()), "2.14.9");
    await expect(findServer({ named: join(folder, "nowhere"), env: env() })).rejects.toThrow(/cannot be run.*--nats-server/);
    await expect(findServer({ named: await pretend(join(folder, "old"), "2.2.0"), env: env() })).rejects.toThrow(ServerMissing);
  });

  test("a server without durable acks is used only where nothing better can be had, and says so", async () => {
    await pretend(join(folder, "bin", "nats-server"), "2.9.10");
    const said: string[] = [];
    const found = await findOrInstall({ env: env(join(folder, "bin")), say: (line) => said.push(line) });
    expect(found).toMatchObject({ source: "system", durableAcks: false });
    expect(said.join("\n")).toMatch(/official release[\s\S]*not possible: no known hash[\s\S]*go install[\s\S]*cannot make acks durable/);
  });

  describe("a release", () => {
    let releases: Server;
    let bytes: Buffer;
    let asked: number;
    const archive = archiveName(DEFAULT_VERSION, "linux", "x64") ?? "";
    beforeEach(async () => {
      const top = archive.replace(".tar.gz", "");
      await pretend(join(folder, top, "nats-server"), DEFAULT_VERSION);
      await promisify(execFile)("tar", ["-czf", join(folder, archive), "-C", folder, top]);
      bytes = await readFile(join(folder, archive));
      asked = 0;
      releases = createServer((request, reply) => {
        asked += 1;
        reply.statusCode = request.url === `/v${DEFAULT_VERSION}/${archive}` ? 200 : 404;
        reply.end(reply.statusCode === 200 ? bytes : "");
      });
      await new Promise<void>((resolve) => releases.listen(0, "127.0.0.1", resolve));
    });
    afterEach(() => new Promise<void>((resolve) => void releases.close(() => resolve())));
    const download = (hashes: Readonly<Record<string, string>>): Promise<void> => {
      const url = `http://127.0.0.1:${(releases.address() as AddressInfo).port}`;
      return downloadRelease({ version: DEFAULT_VERSION, archive, target: join(folder, "server"), hashes, releases: url });
    };

    test("is unpacked when its hash is the one in the table", async () => {
      await download({ [archive]: createHash("sha256").update(bytes).digest("hex") });
      expect((await promisify(execFile)(join(folder, "server"))).stdout).toContain(DEFAULT_VERSION);
    });

    test("is not even asked for without a hash, and not unpacked with another", async () => {
      await expect(download({})).rejects.toThrow(/no known hash/);
      expect(asked).toBe(0);
      await expect(download({ [archive]: "0".repeat(64) })).rejects.toThrow(/not used/);
      await expect(readFile(join(folder, "server"))).rejects.toThrow();
    });
  });
});
