/** A1, A3: an audit log cannot be changed unseen, and the state follows from it alone. */
import { expect, test } from "vitest";
import { chainHash, entryHash } from "../../core/audit-chain.ts";
import { canonical } from "../../core/canonical.ts";
import type { Event } from "../../core/event.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { Anchor } from "../../reconciliation/audit-check.ts";
import { breaksOf, ChainCheck } from "../../reconciliation/audit-check.ts";
import { AuditReplay, verdictText } from "../../reconciliation/audit-replay.ts";
import { auditEntries } from "../../reconciliation/read/audit-view.ts";
import { shownNames } from "../../reconciliation/read/shown-names.ts";
import { stateRoot } from "../../reconciliation/verify-root.ts";
import { openMemoryStore } from "../../regions/embedded/memory-store.ts";
import { randomOf } from "../simulation/random.ts";
import { honestLogs, interleaved } from "./logs.ts";
import { openReplica } from "./one-region.ts";

const SEEDS = Array.from({ length: 12 }, (_, n) => n + 1);

/** A region that has applied three regions' logs in some order, and its audit log as auditors read it. */
async function audited(seed: number, region = "us") {
  const random = randomOf(seed);
  const opened = openReplica(region);
  for (const placed of interleaved(honestLogs(random, 80), random)) opened.replica.apply(placed);
  const read = (): readonly AuditEntry[] => [
    ...auditEntries(opened.tables, shownNames(opened.tables), { after: 0, upTo: 1e9, limit: 1e9 }),
  ];
  return { ...opened, random, read };
}

function checked(entries: readonly AuditEntry[], region = "us"): ChainCheck {
  const chain = new ChainCheck(region);
  for (const entry of entries) chain.take(entry, entry["fact"]);
  return chain;
}

test.each(SEEDS)("A1: an honest log is whole, and any change of one entry is found where it was made (seed %i)", async (seed) => {
  const { read, random } = await audited(seed);
  const entries = read();
  expect(breaksOf([checked(entries)])).toEqual([]);
  const at = random.below(entries.length - 1);
  const entry = entries[at] as AuditEntry;
  const without = entries.toSpliced(at, 1);
  const swapped = entries.with(at, entries[at + 1] as AuditEntry).with(at + 1, entry);
  let lies = 0;
  for (const [name, value] of Object.entries(entry)) {
    if (["at", "register"].includes(name)) continue; // local, and looked up
    const lie =
      typeof value === "string"
        ? `${value.slice(0, -1)}${value.endsWith("0") ? "1" : "0"}`
        : typeof value === "number"
          ? value + 1
          : [value, 1];
    expect([name, breaksOf([checked(entries.with(at, { ...entry, [name]: lie }))])[0]?.seq]).toEqual([name, at + 1]);
    lies += 1;
  }
  expect(lies).toBeGreaterThan(5);
  expect(breaksOf([checked(without)])[0]?.seq).toBe(at + 1);
  expect(breaksOf([checked(swapped)])[0]?.seq).toBe(at + 1);
});

test("A1: a text changed inside a fact is found, though the entry itself is as it was", async () => {
  const { read } = await audited(3);
  const entries = read();
  const at = entries.findIndex(({ fact }) => (fact as Event | null)?.kind === "message.sent");
  const fact = (entries[at] as AuditEntry)["fact"] as Extract<Event, { readonly kind: "message.sent" }>;
  const forged = entries.with(at, { ...(entries[at] as AuditEntry), fact: { ...fact, data: { ...fact.data, body: "never said" } } });
  expect(breaksOf([checked(forged)])).toEqual([{ region: "us", seq: at + 1, why: "its fact is not what was hashed" }]);
});

test("A1: a region that makes its log anew, hashes and all, or cuts it off, is found by what its peers wrote down", async () => {
  const { read } = await audited(5);
  const entries = read();
  const seen = entries[entries.length - 3] as AuditEntry;
  const eu = openReplica("eu");
  eu.replica.audit.anchor("us", { seq: seen.seq, hash: seen.hash });
  const anchors = [...auditEntries(eu.tables, shownNames(eu.tables), { after: 0, upTo: 9, limit: 9 })];
  const peer = checked(anchors, "eu");
  expect(breaksOf([checked(entries), peer])).toEqual([]);
  const anew = remade(entries, 2);
  expect(breaksOf([checked(anew)])).toEqual([]);
  expect(breaksOf([checked(anew), peer])).toEqual([
    { region: "us", seq: seen.seq, why: "eu has seen another entry here: the log was made anew" },
  ]);
  const short = entries.slice(0, seen.seq - 1);
  expect(breaksOf([checked(short), peer])[0]).toMatchObject({ region: "us", seq: seen.seq });
  const heard: Anchor = { of: "us", by: "ap", seq: seen.seq, hash: "f".repeat(64) };
  expect(breaksOf([checked(entries)], [heard])).toHaveLength(1);
});

/** Without the entry at `gone`, every later one hashed again: what a region could do alone. */
function remade(entries: readonly AuditEntry[], gone: number): readonly AuditEntry[] {
  let prev = "0".repeat(64);
  return entries.toSpliced(gone, 1).map((entry, at) => {
    const moved = { ...entry, seq: at + 1, prev };
    prev = entryHash(prev, moved);
    return { ...moved, hash: prev };
  });
}

test.each(SEEDS)("A3: from the log alone come the same digest, the same conflicts and the same verdicts (seed %i)", async (seed) => {
  const { tables, read } = await audited(seed);
  const entries = read();
  const replay = new AuditReplay(openMemoryStore(), "us");
  for (const entry of entries) await replay.take(entry, (entry["fact"] ?? undefined) as Event | undefined);
  const { digest } = await stateRoot(tables, { mode: "full", pause: async () => {} });
  expect(await replay.digest()).toBe(digest);
  expect(replay.conflicts()).toBe([...tables.range("channelConflicts", { from: "", to: "\u{7f}" })].length);
  const said = new Map(entries.filter(({ kind }) => kind === "verdict").map((entry) => [entry["conflict"], verdictText(entry)]));
  expect(replay.verdicts()).toEqual(said);
});

test("A2: when an entry was seen, and how ids are shown, stand outside the hash", () => {
  const inside = { kind: "verdict", region: "us", seq: 1, key: "c|body|m" };
  const shown = { ...inside, at: "2026-01-05T09:00:00.000Z", register: { kind: "message.body" }, fact: { any: 1 }, hash: "x", prev: "y" };
  expect(entryHash("p", shown)).toBe(chainHash("p", inside));
  expect(canonical(inside)).not.toContain("at");
});
