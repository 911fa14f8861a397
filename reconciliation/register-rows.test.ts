/** The rows beside a register say what the register says, also of versions that go by another name since (D5). */
import { expect, test } from "vitest";
import type { Entry, Register, Seen, Write } from "../core/register.ts";
import { applyWrite } from "../core/register-apply.ts";
import type { Judgement } from "../core/resolve.ts";
import { formatStamp } from "../core/stamp.ts";
import { openMemoryStore } from "../regions/embedded/memory-store.ts";
import { saveRegister } from "./register-rows.ts";
import { WorkingSet } from "./working-set.ts";

const KEY = "c|body|m";
const JUDGEMENT: Judgement = { isDistrusted: () => false, standing: () => "ok" };
const at = (ms: number, region: string): string => formatStamp(ms, 0, region);

function entry(stamp: string, author: string, text: string, replaces: readonly string[], command: string = stamp): Entry {
  const said = {
    kind: replaces.length === 0 ? "sent" : "edited",
    author,
    command,
    content: `hash of ${text}`,
    value: { body: text },
  } as const;
  const judged = { policy: "lww", deletes: "final", after: {}, position: { origin: "us", epoch: 1, sequence: 1, place: 0 } } as const;
  return { stamp, ...said, replaces, ...judged, hash: "0".repeat(64) };
}

test("D2, D5: who has seen that their version lost has seen it, also when a smaller twin renames the version", () => {
  const tables = new WorkingSet(openMemoryStore());
  const born = at(1, "us");
  const seen: Seen = { stamp: at(50, "eu"), author: "ana", of: [at(20, "eu")], hash: "0" };
  const writes: readonly Write[] = [
    { key: KEY, entry: entry(born, "ana", "hello", []) },
    { key: KEY, entry: entry(at(20, "eu"), "ana", "one", [born], "twin") },
    { key: KEY, entry: entry(at(30, "ap"), "bo", "two", [born]) },
    { key: KEY, entry: entry(at(40, "us"), "cy", "three", [born]) },
    { key: KEY, seen },
    { key: KEY, entry: entry(at(10, "us"), "ana", "one", [born], "twin") },
  ];
  let register: Register | undefined;
  for (const write of writes) {
    const after = applyWrite(register, write, JUDGEMENT);
    saveRegister(tables, register, after);
    register = after;
  }
  const [record] = register?.resolution.records ?? [];
  expect([record?.losers, record?.state]).toEqual([[at(10, "us"), at(30, "ap")], "open"]);
  expect([...tables.range("losers", { from: "", to: "\u{7f}" })].map(([row]) => row)).toEqual([`bo|${record?.id}`]);
});
