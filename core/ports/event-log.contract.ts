/** What every EventLog promises (law L1), sentence by sentence; run on each adapter. */
import { afterEach, describe, expect, test } from "vitest";
import type { EventLog, LogMessage } from "./event-log.ts";

export async function collect(messages: AsyncIterable<LogMessage>): Promise<readonly LogMessage[]> {
  const all: LogMessage[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

/** `open` gives a new, empty log; `reopen` what is left of it after it was closed. */
export function eventLogContract(name: string, open: () => Promise<EventLog>, reopen: (log: EventLog) => Promise<EventLog>): void {
  describe(`event log: ${name}`, () => {
    const opened: EventLog[] = [];
    const fresh = async (): Promise<EventLog> => {
      const log = await open();
      opened.push(log);
      return log;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((log) => log.close()));
    });

    test("an empty log has head 0 and nothing to read", async () => {
      const log = await fresh();
      expect(log.head()).toBe(0);
      expect(await collect(log.read(0))).toEqual([]);
    });

    test("L1: sequences count from 1 without holes, and what was acknowledged is read back as it was", async () => {
      const log = await fresh();
      expect(await log.append({ id: "a", text: '["one"]' })).toBe(1);
      expect(await log.append({ id: "b", text: '["zwei ü 漢 😀"]' })).toBe(2);
      expect(log.head()).toBe(2);
      expect(await collect(log.read(0))).toEqual([
        { sequence: 1, text: '["one"]' },
        { sequence: 2, text: '["zwei ü 漢 😀"]' },
      ]);
    });

    test("appends that are not waited for keep the order they were asked in", async () => {
      const log = await fresh();
      const sequences = await Promise.all(Array.from({ length: 50 }, (_, i) => log.append({ id: `m${i}`, text: `[${i}]` })));
      expect(sequences).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      expect((await collect(log.read(0))).map((message) => message.text)).toEqual(Array.from({ length: 50 }, (_, i) => `[${i}]`));
    });

    test("T3: an id appended twice keeps one copy and gives its sequence", async () => {
      const log = await fresh();
      const first = await log.append({ id: "a", text: "[1]" });
      await log.append({ id: "b", text: "[2]" });
      expect(await log.append({ id: "a", text: "[1]" })).toBe(first);
      expect(log.head()).toBe(2);
      expect(await collect(log.read(0))).toHaveLength(2);
    });

    test("a read begins after the sequence given and ends at the head of the moment it was asked", async () => {
      const log = await fresh();
      for (let i = 1; i <= 5; i += 1) await log.append({ id: `m${i}`, text: `[${i}]` });
      const reading = log.read(3)[Symbol.asyncIterator]();
      expect((await reading.next()).value).toEqual({ sequence: 4, text: "[4]" });
      await log.append({ id: "late", text: "[6]" });
      expect((await reading.next()).value).toEqual({ sequence: 5, text: "[5]" });
      expect((await reading.next()).done).toBe(true);
      expect(await collect(log.read(6))).toEqual([]);
    });

    test("what was appended is there when the log is opened again, and its sequences go on", async () => {
      const log = await open();
      await log.append({ id: "a", text: "[1]" });
      await log.append({ id: "b", text: "[2]" });
      await log.close();
      const again = await reopen(log);
      opened.push(again);
      expect(again.head()).toBe(2);
      expect(await again.append({ id: "c", text: "[3]" })).toBe(3);
      expect((await collect(again.read(1))).map((message) => message.text)).toEqual(["[2]", "[3]"]);
    });

    test("a closed log takes nothing more", async () => {
      const log = await fresh();
      await log.close();
      await expect(log.append({ id: "a", text: "[1]" })).rejects.toThrow(/closed/);
    });
  });
}
