/**
 * An export: JSON lines, first what it is, then every entry of every region's audit log in order. A fact stands in it once, with the first entry
 * that names it; later ones name its hash.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import type { Event } from "../../core/event.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { VerifyReport } from "../../core/ports/boards.ts";
import { covers, parsePoint, parsePosition, type Vector } from "../../core/position.ts";
import { Stop } from "../cli/answer.ts";
import type { Reached } from "../cli/reach.ts";
import { askFirst } from "../cli/reach.ts";
import { entriesOf, headsOf, lostWith, NotGiven, nobodyGave } from "./logs.ts";

export interface Missing {
  readonly region: string;
  readonly why: string;
}
export interface Exported {
  readonly entries: number;
  readonly missing: readonly Missing[];
}

export interface ExportHeader {
  readonly kind: "export";
  readonly format: 1;
  readonly at: string;
  /** Whose logs follow. */
  readonly regions: readonly string[];
  /** Regions of the mesh that could not be asked; absent where there are none. */
  readonly missing?: readonly Missing[];
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

/** Who gives its log, and who does not. Throws a Stop where nobody does. */
async function asked(reached: Reached): Promise<{ readonly giving: Reached; readonly missing: readonly Missing[] }> {
  const answers = await Promise.all(
    reached.gateways.map((gateway) =>
      headsOf(reached, gateway).then(
        () => undefined,
        (error: unknown) => lostWith(error),
      ),
    ),
  );
  const lost = answers.filter((one) => one !== undefined);
  if (lost.length === reached.gateways.length) throw nobodyGave(reached, lost);
  const giving = { ...reached, gateways: reached.gateways.filter((_, nth) => answers[nth] === undefined) };
  return { giving, missing: lost.map(({ region, message }) => ({ region, why: message })) };
}

/**
 * Writes the file, whole or not at all: a region that goes away while its log is read ends it with a Stop, and a former file stays as it was.
 * `progress` hears of each thousand entries.
 */
export async function writeExport(mesh: Reached, file: string, progress: (entries: number) => void): Promise<Exported> {
  const { giving, missing } = await asked(mesh);
  const isPipe = (await stat(file).catch(() => undefined))?.isFile() === false;
  const part = isPipe ? file : `${file}.part`;
  try {
    const entries = await writeLogs(giving, missing, part, progress);
    if (!isPipe) await rename(part, file);
    return { entries, missing };
  } catch (error) {
    if (!isPipe) await rm(part, { force: true }).catch(() => {}); // a folder that is not there
    if (!(error instanceof NotGiven)) throw error;
    throw new Stop(3, `${error.region} went away while its log was read: ${error.message}`, "nothing is written; try again");
  }
}

async function writeLogs(
  reached: Reached,
  missing: readonly Missing[],
  file: string,
  progress: (entries: number) => void,
): Promise<number> {
  const before = await verified(reached);
  const conflicts = await conflictsIn(reached);
  const after = await verified(reached);
  const still = JSON.stringify(before.asOf) === JSON.stringify(after.asOf);
  const header: ExportHeader = {
    kind: "export",
    format: 1,
    at: new Date().toISOString(),
    regions: reached.gateways.map(({ name }) => name),
    ...(missing.length === 0 ? {} : { missing }),
    asOf: after.asOf,
    digest: after.digest,
    conflicts: still ? conflicts : null,
  };
  const out = createWriteStream(file, { mode: 0o600 });
  await once(out, "open"); // a folder that is not there, or not ours, ends it here
  const line = async (value: unknown): Promise<void> => {
    if (!out.write(`${JSON.stringify(value)}\n`)) await once(out, "drain");
  };
  await line(header);
  let entries = 0;
  const written = new Set<string>();
  const upTo = after.digest === null ? {} : vectorOf(after.asOf);
  for (const gateway of reached.gateways)
    for await (const entry of wholeLog(reached, gateway, upTo)) {
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
