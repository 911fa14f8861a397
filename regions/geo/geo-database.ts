/**
 * The operator's database of places (ATOLL_GEO_DB), an MMDB file or a table of networks; none is shipped. Looked at again and again, and read
 * anew when it was replaced. A file that is missing, cut off, or written to while it is read changes nothing: what was read last stays in force.
 */
import { readFileSync, statSync } from "node:fs";
import type { Timers } from "../../core/ports/time.ts";
import type { Locate } from "../../geodns/client.ts";
import { readMmdb } from "./mmdb.ts";
import { readNetworkTable } from "./network-table.ts";

export interface GeoDatabase {
  readonly locate: Locate;
  /** What is in force, and why the file as it is now is not. */
  detail(): string;
  close(): void;
}
export interface GeoDatabaseOptions {
  readonly path: string;
  readonly timers: Timers;
  /** A newer file is in force, or cannot be: said once for each. */
  readonly told?: (what: { readonly ok: boolean; readonly detail: string }) => void;
}

const LOOK_MS = 5_000;
const MMDB_MARK = "\xab\xcd\xefMaxMind.com";

interface Version {
  readonly id: string;
  readonly mtimeMs: number;
}
function versionOf(path: string): Version {
  const { ino, size, mtimeMs, ctimeMs } = statSync(path);
  return { id: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, mtimeMs };
}

function readWhole(path: string): { readonly locate: Locate; readonly version: Version } {
  const version = versionOf(path);
  const bytes = readFileSync(path);
  if (versionOf(path).id !== version.id) throw new Error("it was written to while it was read");
  const isMmdb = bytes.includes(Buffer.from(MMDB_MARK, "latin1"), Math.max(0, bytes.length - 131_072));
  if (!isMmdb && bytes.subarray(0, 4_096).includes(0)) throw new Error("it is no MMDB file, or not all of one");
  return { locate: isMmdb ? readMmdb(bytes) : readNetworkTable(bytes.toString("utf8")), version };
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Throws when there is nothing to begin with. */
export function openGeoDatabase({ path, timers, told = () => {} }: GeoDatabaseOptions): GeoDatabase {
  let { locate, version } = readWhole(path);
  let fault: string | undefined;
  const inForce = (): string => `${path} of ${new Date(version.mtimeMs).toISOString()}`;
  const look = (): void => {
    try {
      if (versionOf(path).id === version.id) {
        fault = undefined;
        return;
      }
      ({ locate, version } = readWhole(path));
      fault = undefined;
      told({ ok: true, detail: inForce() });
    } catch (error) {
      const words = wordsOf(error);
      if (words !== fault) told({ ok: false, detail: `${path}: ${words}` });
      fault = words;
    }
  };
  const timer = timers.every(LOOK_MS, look);
  return {
    locate: (address) => locate(address),
    detail: () => (fault === undefined ? inForce() : `${inForce()}; the file as it is now is not followed: ${fault}`),
    close: () => timer.cancel(),
  };
}

/** No database: no place is known, and none is claimed to have been looked for. */
export const NOWHERE: GeoDatabase = { locate: () => undefined, detail: () => "none", close: () => {} };
