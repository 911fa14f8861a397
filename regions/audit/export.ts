/**
 * An export: JSON lines, first what it is, then every entry of every region's audit log in order. A fact stands in it once, with the first entry
 * that names it; later ones name its hash.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Event } from "../../core/event.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { VerifyReport } from "../../core/ports/boards.ts";
import { covers, parsePoint, parsePosition, type Vector } from "../../core/position.ts";
import type { Reached } from "../cli/reach.ts";
import { askFirst } from "../cli/reach.ts";
import { entriesOf } from "./logs.ts";

export interface ExportHeader {
  readonly kind: "export";
  readonly format: 1;
  readonly at: string;
  readonly regions: readonly string[];
  /** The vector at which the regions were compared, and what they all were then; null where they were not equal. */
  readonly asOf: Readonly<Record<string, string>>;
  readonly digest: string | null;
  /** Conflicts on record then; null where more was written meanwhile. */
  readonly conflicts: number | null;
}

/** Which fact an entry names, of those that are written alike. */
export const factKey = (entry: AuditEntry, fact: Event | undefined): string => `${String(entry["factHash"])} ${fact?.late ?? ""}`;

const verified = async (reached: Reached): Promise<VerifyReport> => (await askFirst<VerifyReport>(reached, "/v1/verify", 60_000)).body;

async function conflictsIn(reached: Reached): Promise<number> {
  let count = 0;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const path: string = `/v1/conflicts?limit=500${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const { gateway, body }: { gateway: Reached["gateways"][number]; body: { items: readonly unknown[]; next: string | null } } =
      await askFirst(reached, path);
    reached = { ...reached, gateways: [gateway] };
    count += body.items.length;
    cursor = body.items.length === 0 ? null : body.next;
  }
  return count;
}

/** Writes the file; returns how many entries it holds. `progress` hears of each thousand. */
export async function writeExport(reached: Reached, file: string, progress: (entries: number) => void): Promise<number> {
  const before = await verified(reached);
  const conflicts = await conflictsIn(reached);
  const after = await verified(reached);
  const still = JSON.stringify(before.asOf) === JSON.stringify(after.asOf);
  const header: ExportHeader = {
    kind: "export",
    format: 1,
    at: new Date().toISOString(),
    regions: reached.gateways.map(({ name }) => name),
    asOf: after.asOf,
    digest: after.digest,
    conflicts: still ? conflicts : null,
  };
  const out = createWriteStream(file, { mode: 0o600 });
  const opened = once(out, "open");
  await opened; // a folder that is not there, or not ours, ends it here
  const line = async (value: unknown): Promise<void> => {
    if (!out.write(`${JSON.stringify(value)}\n`)) await once(out, "drain");
  };
  await line(header);
  let entries = 0;
  const written = new Set<string>();
  for (const gateway of reached.gateways)
    for await (const entry of wholeLog(reached, gateway, vectorOf(after.asOf))) {
      const { fact, ...rest } = entry;
      const key = factKey(entry, (fact ?? undefined) as Event | undefined);
      const isKnown = entry.kind === "version" && written.has(key);
      await line(isKnown || fact === undefined ? rest : entry);
      if (fact !== undefined) written.add(key);
      entries += 1;
      if (entries % 1_000 === 0) progress(entries);
    }
  out.end();
  await once(out, "close");
  return entries;
}

const AGAIN_MS = 200;
const TRIES = 50;

/** All entries up to the vector, and what has come since: a region shows an entry when no crash can take it back any more, a moment after it applied it. */
async function* wholeLog(reached: Reached, gateway: Reached["gateways"][number], upTo: Vector): AsyncGenerator<AuditEntry> {
  const seen: Record<string, Vector[string]> = {};
  let last = 0;
  for (let tries = 0; tries < TRIES; tries += 1) {
    for await (const entry of entriesOf(reached, gateway, last)) {
      const position = typeof entry["position"] === "string" ? parsePosition(entry["position"]) : undefined;
      if (position !== undefined) seen[position.origin] = position;
      last = entry.seq;
      yield entry;
    }
    if (Object.entries(upTo).every(([origin, point]) => covers(seen, origin, point))) return;
    await new Promise((again) => setTimeout(again, AGAIN_MS));
  }
}

export function vectorOf(texts: Readonly<Record<string, string>>): Vector {
  const vector: Record<string, Vector[string]> = {};
  for (const [origin, text] of Object.entries(texts)) {
    const point = parsePoint(text);
    if (point !== undefined) vector[origin] = point;
  }
  return vector;
}
