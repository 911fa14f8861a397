/** The operator's database of places as a process opens it at its start; what becomes of it later is in the log. */
import type { Timers } from "../../core/ports/time.ts";
import type { ProcessLog } from "../process-log.ts";
import { CannotServe } from "../refusal.ts";
import { type GeoDatabase, NOWHERE, openGeoDatabase } from "./geo-database.ts";

/** `path`: ATOLL_GEO_DB. Throws CannotServe where a file is named and cannot be read. */
export function openGeoOf(path: string | undefined, timers: Timers, log: ProcessLog): GeoDatabase {
  if (path === undefined) return NOWHERE;
  const told = ({ ok, detail }: { readonly ok: boolean; readonly detail: string }): void =>
    ok
      ? log.info({ event: "geo.read" }, `places are read from ${detail}`)
      : log.error({ event: "geo.refused" }, `places are as before: ${detail}`);
  try {
    return openGeoDatabase({ path, timers, told });
  } catch (error) {
    throw new CannotServe(
      `ATOLL_GEO_DB ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}. Name an MMDB file or a table of networks, or leave it out`,
    );
  }
}
