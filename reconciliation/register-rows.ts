/**
 * The rows that follow from one register: its digest term, its place in the timeline, memberships, and what its conflicts are known by.
 * Saving a register is the only way any of them changes, so they can never disagree with it.
 */
import { birthOf } from "../core/commands/message-standing.ts";
import { conflictId } from "../core/conflict-records.ts";
import { bucketOf, registerTerm } from "../core/digest.ts";
import { addHash, EMPTY_SUM, removeHash } from "../core/hash.ts";
import type { TableName, TableReader, Tables } from "../core/ports/state-store.ts";
import type { ConflictRecord, Entry, Register } from "../core/register.ts";
import { readKey } from "../core/register.ts";
import { versionKey } from "../core/versions.ts";
import { documentOf, standingChange, stateKey, tailKey } from "./document-rows.ts";

export interface TableWriter extends TableReader {
  put<T extends TableName>(table: T, key: string, value: Tables[T] | undefined): void;
}

/** A record that a change made or touched, and who has just become a loser by it. */
export interface RecordChange {
  readonly register: Register;
  readonly record: ConflictRecord;
  readonly before: ConflictRecord | undefined;
  readonly newLosers: readonly string[];
}

/** Writes the register and everything that follows from it; returns the conflict records that changed. */
export function saveRegister(tables: TableWriter, before: Register | undefined, after: Register): readonly RecordChange[] {
  tables.put("registers", after.key, after);
  saveDigest(tables, before, after);
  const { kind } = readKey(after.key);
  if (kind === "body") saveBirth(tables, before, after);
  if (kind === "member") saveMembership(tables, after);
  if (kind === "webhook") saveWebhook(tables, after);
  if (kind === "document") saveChange(tables, before, after);
  const contested = isContested(after);
  if (contested !== isContested(before)) tables.put("contested", after.key, contested ? true : undefined);
  return before?.resolution.records.length || after.resolution.records.length ? saveRecords(tables, before, after) : [];
}

const isContested = (register: Register | undefined): boolean =>
  register !== undefined && (register.resolution.heads.length > 1 || register.resolution.records.length > 0);

/** Terms of registers that change again and again: what is taken out of a sum was put in a moment ago. Most change once, and are not kept here. */
const terms = new WeakMap<Register, string>();
function termAgain(register: Register): string {
  let term = terms.get(register);
  if (term === undefined) terms.set(register, (term = registerTerm(register)));
  return term;
}

function saveDigest(tables: TableWriter, before: Register | undefined, after: Register): void {
  const { channel } = readKey(after.key);
  const termOf = before === undefined ? registerTerm : termAgain;
  const change = (register: Register, step: (sum: string, hash: string) => string): void => {
    const key = `${channel}|${bucketOf(register)}`;
    tables.put("digests", key, step(tables.get("digests", key) ?? EMPTY_SUM, termOf(register)));
  };
  if (before !== undefined) change(before, removeHash);
  change(after, addHash);
}

function saveBirth(tables: TableWriter, before: Register | undefined, after: Register): void {
  const stood = birthOf(before)?.stamp;
  const born = birthOf(after)?.stamp;
  if (stood === born) return;
  const { channel, ids } = readKey(after.key);
  if (stood !== undefined) tables.put("timeline", `${channel}|${stood}|${ids[0]}`, undefined);
  if (born !== undefined) tables.put("timeline", `${channel}|${born}|${ids[0]}`, ids[0]);
}

function saveMembership(tables: TableWriter, register: Register): void {
  const { channel, ids } = readKey(register.key);
  const { winner, value } = register.resolution;
  tables.put("memberships", `${ids[0]}|${channel}`, value === null || winner === null ? undefined : winner);
}

function saveWebhook(tables: TableWriter, { key, resolution }: Register): void {
  const { channel, ids } = readKey(key);
  tables.put("webhooks", `${channel}|${ids[0]}`, resolution.value === null ? undefined : true);
}

/** A checkpoint that holds, or lacks, what stands otherwise now is untrue: it goes, and is made anew from the registers (ADR 19). */
function saveChange(tables: TableWriter, before: Register | undefined, after: Register): void {
  const of = documentOf(after.key);
  const kept = tables.get("documents", of);
  if (kept === undefined) return;
  const [stood, stands] = [standingChange(before), standingChange(after)];
  if (stood?.stamp === stands?.stamp && stood?.update === stands?.update) return;
  for (const change of [stood, stands]) {
    if (change === undefined) continue;
    tables.put("documentTails", tailKey(of, change), change === stands ? true : undefined);
    for (const { stamp } of kept) if (stamp >= change.stamp) tables.put("documentStates", stateKey(of, stamp), undefined);
  }
  const still = kept.filter(({ stamp }) => [stood, stands].every((change) => change === undefined || change.stamp > stamp));
  if (still.length < kept.length) tables.put("documents", of, still.length === 0 ? undefined : still);
}

function saveRecords(tables: TableWriter, before: Register | undefined, after: Register): readonly RecordChange[] {
  const stood = new Map(before?.resolution.records.map((record) => [record.id, record]));
  const { channel } = readKey(after.key);
  const changes: RecordChange[] = [];
  const lost = losersOf(before);
  const lose = losersOf(after);
  for (const row of lost) if (!lose.has(row)) tables.put("losers", row, undefined);
  for (const row of lose) if (!lost.has(row)) tables.put("losers", row, true);
  for (const record of after.resolution.records) {
    const old = stood.get(record.id);
    if (old !== undefined && sameRecord(old, record)) continue;
    if (old === undefined) tables.put("channelConflicts", `${channel}|${record.id}`, true);
    saveIds(tables, after, record, old);
    const newLosers = [...lose]
      .filter((row) => row.endsWith(`|${record.id}`) && !lost.has(row))
      .map((row) => row.slice(0, row.indexOf("|")));
    changes.push({ register: after, record, before: old, newLosers });
  }
  for (const [id] of stood)
    if (!after.resolution.records.some((record) => record.id === id)) tables.put("channelConflicts", `${channel}|${id}`, undefined);
  return changes;
}

/**
 * The ids that lead to a record: its own, and that of every member's key (alias rule, D2). Another region may have known the group before it was
 * joined, under an id that this one never made; whoever asks by it is answered here too.
 */
function saveIds(tables: TableWriter, { key, entries }: Register, record: ConflictRecord, before: ConflictRecord | undefined): void {
  const known = new Set(before?.versions);
  const news = new Set(record.versions.filter((stamp) => !known.has(stamp)));
  const members = entries.flatMap((entry) => (news.has(entry.stamp) ? conflictId(key, versionKey(entry)) : []));
  for (const id of before === undefined ? [record.id, ...members] : members) tables.put("conflicts", id, { key });
}

/** Rows "<user>|<conflict>" of authors whose version lost and who have not seen it, under whatever name it went then (D5). */
function losersOf(register: Register | undefined): Set<string> {
  const rows = new Set<string>();
  for (const { id, state, losers } of register?.resolution.records ?? []) {
    if (register === undefined || state !== "open") continue;
    for (const loser of register.entries.filter(({ stamp }) => losers.includes(stamp)))
      if (!hasSeen(register, loser)) rows.add(`${loser.author}|${id}`);
  }
  return rows;
}

function hasSeen({ seen, entries }: Register, loser: Entry): boolean {
  const marked = seen.filter(({ author }) => author === loser.author).flatMap(({ of }) => of);
  return marked.length > 0 && entries.some((entry) => marked.includes(entry.stamp) && versionKey(entry) === versionKey(loser));
}

const sameRecord = (a: ConflictRecord, b: ConflictRecord): boolean =>
  a.state === b.state &&
  a.rule === b.rule &&
  a.winner === b.winner &&
  a.reason === b.reason &&
  a.restoredBy === b.restoredBy &&
  sameList(a.versions, b.versions) &&
  sameList(a.losers, b.losers);
const sameList = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((one, i) => one === b[i]);
