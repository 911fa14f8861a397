import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stateStoreContract } from "../../core/ports/state-store.contract.ts";
import { WorkingSet } from "../../reconciliation/working-set.ts";
import { openLmdbStore } from "./lmdb-store.ts";

stateStoreContract("lmdb", async () => {
  const directory = await mkdtemp(join(tmpdir(), "atoll-store-"));
  return {
    open: () => openLmdbStore({ directory: join(directory, "state") }),
    wipe: () => rm(directory, { recursive: true }),
  };
});

const CHILD = fileURLToPath(new URL("./lmdb-store-process.test-model.ts", import.meta.url));
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "atoll-store-"));
});
afterEach(() => rm(directory, { recursive: true }));

const keyOf = (n: number): string => String(n).padStart(6, "0");

test("H4: read through memory, a row is what was put last, at every moment of a commit beside it", async () => {
  const store = await openLmdbStore({ directory });
  const rows = new WorkingSet(store);
  const last = new Map<string, number>();
  for (let round = 0, running = true; round < 40; round += 1) {
    for (let n = 0; n < 200; n += 1) {
      const key = keyOf((round * 67 + n * 13) % 500);
      last.set(key, round);
      rows.put("facts", key, round);
    }
    running = true;
    const commit = rows.commit().finally(() => {
      running = false;
    });
    while (running) {
      for (const [key, value] of last) if (rows.get("facts", key) !== value) expect(`${key}: ${rows.get("facts", key)}`).toBe(value);
      await nextTurn();
    }
    await commit;
    expect([...store.range("facts", { from: "0", to: "9" })]).toEqual([...last].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  await store.close();
});

test("readers keep what they see while the file grows under them: rows, ranges and a snapshot", async () => {
  const store = await openLmdbStore({ directory });
  const text = (n: number): string => String.fromCharCode(97 + (n % 26)).repeat(2_000 + n);
  const write = (from: number) =>
    store.commit(Array.from({ length: 250 }, (_, n) => ({ table: "facts", key: keyOf(from + n), value: text(from + n) })));
  await write(0);
  const snapshot = store.snapshot();
  for (let from = 250, running = true; from < 5_000; from += 250) {
    running = true;
    const written = write(from).finally(() => {
      running = false;
    });
    for (let n = from % 249; running; n = (n * 7 + 1) % 250) {
      expect([snapshot.get("facts", keyOf(n)), store.get("facts", keyOf(n))].every((read) => read === text(n))).toBe(true);
      await nextTurn();
    }
    await written;
    expect([...store.range("facts", { from: keyOf(from), to: "9" })].every(([, read], n) => read === text(from + n))).toBe(true);
  }
  expect([...snapshot.range("facts", { from: "0", to: "9" })].length).toBe(250);
  snapshot.close();
  await store.close();
});

/** Starts the child under a shell's limits. The signal that a full disk quota sends is ignored, so that the write itself fails. */
function startChild(limits: string, size: number) {
  const script = `${limits} exec "$0" --import tsx "$1" "$2" "$3"`;
  return spawn("sh", ["-c", script, process.execPath, CHILD, directory, String(size)], { stdio: ["ignore", "pipe", "inherit"] });
}

async function pairs(): Promise<{ readonly whole: number[]; readonly torn: number[] }> {
  const store = await openLmdbStore({ directory });
  const keys = (table: "facts" | "timeline") => [...store.range(table, { from: "0", to: "~" })].map(([key]) => Number(key));
  const [facts, timeline] = [keys("facts"), keys("timeline")];
  await store.close();
  return {
    whole: facts.filter((n) => timeline.includes(n)),
    torn: [...facts.filter((n) => !timeline.includes(n)), ...timeline.filter((n) => !facts.includes(n))],
  };
}

test("L2: a process killed while it commits leaves every commit that resolved, and none in part", async () => {
  const child = startChild("", 2_000);
  const said: number[] = [];
  for await (const line of createInterface(child.stdout!)) {
    said.push(Number(line.split(" ")[1]));
    if (said.length === 200) child.kill("SIGKILL");
  }
  const { whole, torn } = await pairs();
  expect(torn).toEqual([]);
  expect(whole.slice(0, said.length)).toEqual(said);
});

test("a disk that takes no more refuses the commit, shows nothing of it, and takes a small one after", async () => {
  // Blocks of 512 bytes or of 1 KiB, as the shell counts: a file of 2 to 4 MiB.
  const child = startChild("trap '' XFSZ; ulimit -f 4096;", 200_000);
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout!)) lines.push(line);
  if (child.exitCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(0);
  const refused = lines.findIndex((line) => line.startsWith("refused"));
  expect(refused).toBeGreaterThan(3);
  expect(lines.slice(refused)).toEqual([`refused ${refused} visible 0`, `committed ${refused + 1}`, "closed"]);
  const { whole, torn } = await pairs();
  expect(torn).toEqual([]);
  expect(whole).toEqual([...Array(refused).keys(), refused + 1]);
});
