/** What stands in the own log without this life having written it (L2). */
import { expect, test } from "vitest";
import type { EventLog } from "../../core/ports/event-log.ts";
import { formatStamp, HybridClock } from "../../core/stamp.ts";
import { OwnClock } from "../../reconciliation/own-clock.ts";
import { OwnTail } from "../../reconciliation/own-log.ts";
import { envelope } from "../../reconciliation/read/story.test-model.ts";
import { openReplica } from "./one-region.ts";

const NOW_MS = 1_700_000_000_000;

/** A log that somebody writes while it is read: a reading goes on when it is told to. */
function openSlowLog() {
  const texts: string[] = [];
  const waiting: (() => void)[] = [];
  const log: Pick<EventLog, "origin" | "epoch" | "read"> = {
    ...{ origin: "us", epoch: 1 },
    async *read(after) {
      const head = texts.length;
      await new Promise<void>((go) => waiting.push(go));
      for (let sequence = after + 1; sequence <= head; sequence += 1) yield { sequence, text: texts[sequence - 1] ?? "" };
    },
  };
  const land = (name: string): void => {
    const stamp = formatStamp(NOW_MS + texts.length, 0, "us");
    texts.push(
      JSON.stringify([
        envelope({ kind: "profile.changed", stamp, actor: "ana", channel: null, data: { displayName: name, replaces: {} } }),
      ]),
    );
  };
  return { log: log as EventLog, land, goOn: (): void => waiting.shift()?.() };
}
const soon = (): Promise<void> => new Promise((later) => setImmediate(later));

test("H4: what lands while the log is being read on is applied before it is answered, though that reading ends before it", async () => {
  const { replica, tables } = openReplica("us");
  const physical = { nowMs: () => NOW_MS };
  const own = new OwnClock({ tables, region: "us", physical, isDistrusted: () => false });
  const { log, land, goOn } = openSlowLog();
  const tail = new OwnTail(log, replica, new HybridClock({ region: "us", physical: own, boundMs: 5_000 }), own);
  land("of the life before");
  tail.heard({ epoch: 1, sequence: 1, place: 0 }); // a peer has it: the log is read on
  land("of this life");
  expect(tail.reaches(1)).toBe(false);
  let answered = false;
  const applied = tail.readOn().then(() => {
    answered = true;
  });
  goOn();
  await soon();
  expect([tail.reaches(1), tail.reaches(2), answered]).toEqual([true, false, false]);
  goOn();
  await applied;
  expect(tail.reaches(2)).toBe(true);
  expect(tables.get("registers", "@|profile|ana|displayName")?.resolution.value).toBe("of this life");
});
