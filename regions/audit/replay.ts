/** An export read again in a clean process: are its chains whole, and does the state come out as the mesh said it was? */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Event } from "../../core/event.ts";
import type { AuditEntry } from "../../core/objects.ts";
import { stampTimeMs } from "../../core/stamp.ts";
import { breaksOf, type ChainBreak, ChainCheck } from "../../reconciliation/audit-check.ts";
import { AuditReplay, verdictText } from "../../reconciliation/audit-replay.ts";
import { Stop } from "../cli/answer.ts";
import { openMemoryStore } from "../embedded/memory-store.ts";
import { type ExportHeader, factKey, type Missing, vectorOf } from "./export.ts";

export interface ReplayOptions {
  readonly file: string;
  /** Only what that region had seen. */
  readonly as: string | undefined;
  /** With `as`: what it had seen by then; else: what had happened by then. ms since 1970. */
  readonly untilMs: number | undefined;
  readonly progress: (entries: number) => void;
}
export interface Replayed {
  readonly digest: string;
  readonly conflicts: number;
  /** The state, the conflicts and every verdict are what the mesh said, and no chain is broken. null: the export names no digest to compare with. */
  readonly same: boolean | null;
  readonly entries: number;
  readonly broken: readonly ChainBreak[];
  /** Conflicts on which the replay came to another verdict than the log. */
  readonly otherVerdicts: readonly string[];
  /** Regions whose logs the export was made without. */
  readonly missing: readonly Missing[];
}

export async function replayExport({ file, as, untilMs, progress }: ReplayOptions): Promise<Replayed> {
  const lines = linesOf(file);
  const header = headerOf((await lines.next()).value, file);
  const region = as ?? header.regions[0] ?? "";
  if (!header.regions.includes(region)) throw new Stop(2, `the export holds no log of ${region}`, `regions: ${header.regions.join(", ")}`);
  const whole = as === undefined && untilMs === undefined;
  const replay = new AuditReplay(openMemoryStore(), region, whole && header.digest !== null ? vectorOf(header.asOf) : undefined);
  const chains = new Map<string, ChainCheck>();
  const facts = new Map<string, Event>();
  const said = new Map<string, string>();
  let entries = 0;
  for await (const line of lines) {
    const entry = entryOf(line, file, entries + 2);
    const given = (entry["fact"] ?? undefined) as Event | undefined;
    if (given !== undefined) facts.set(factKey(entry, given), given);
    const fact = given ?? facts.get(factKey(entry, undefined));
    let chain = chains.get(entry.region);
    if (chain === undefined) chains.set(entry.region, (chain = new ChainCheck(entry.region)));
    chain.take(entry, fact);
    entries += 1;
    if (entries % 1_000 === 0) progress(entries);
    if (entry.region !== region || isLater(entry, fact, as, untilMs)) continue;
    if (entry.kind === "verdict") said.set(String(entry["conflict"]), verdictText(entry));
    await replay.take(entry, fact);
  }
  const broken = breaksOf([...chains.values()]);
  const [digest, conflicts] = [await replay.digest(), replay.conflicts()];
  const came = replay.verdicts();
  const moved = header.conflicts === null;
  const otherVerdicts = moved ? [] : [...said].filter(([id, verdict]) => came.get(id) !== verdict).map(([id]) => id);
  const sameConflicts = moved || header.conflicts === conflicts;
  const same = header.digest === null ? null : digest === header.digest && sameConflicts && broken.length + otherVerdicts.length === 0;
  return { digest, conflicts, same, entries, broken, otherVerdicts, missing: header.missing ?? [] };
}

function isLater(entry: AuditEntry, fact: Event | undefined, as: string | undefined, untilMs: number | undefined): boolean {
  if (untilMs === undefined) return false;
  if (as !== undefined) return Date.parse(entry.at) > untilMs;
  return fact !== undefined && stampTimeMs(fact.stamp) > untilMs;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY }))
    if (line.trim() !== "") yield line;
}

function parsed(line: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line ?? "");
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function headerOf(line: string | undefined, file: string): ExportHeader {
  const header = parsed(line);
  if (header?.["kind"] !== "export" || !Array.isArray(header["regions"]))
    throw new Stop(2, `${file} is no export of an audit log`, "make one: atoll audit export FILE");
  if (header["format"] !== 1) throw new Stop(2, `${file} has the format ${String(header["format"])}, which this version does not read`);
  return header as unknown as ExportHeader;
}

function entryOf(line: string, file: string, nth: number): AuditEntry {
  const entry = parsed(line);
  if (typeof entry?.["region"] !== "string" || typeof entry["seq"] !== "number" || typeof entry["hash"] !== "string")
    throw new Stop(2, `line ${nth} of ${file} is no audit entry`, "the file was cut off or changed: export it again");
  return entry as unknown as AuditEntry;
}
