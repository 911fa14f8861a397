/** A log in memory with the promises of the port: for tests, and for comparing. `kept` plays the disk: given again, the log is what it was. */
import type { EventLog, LogMessage } from "../../core/ports/event-log.ts";

export interface KeptLog {
  readonly texts: string[];
  readonly sequences: Map<string, number>;
}
export const emptyLog = (): KeptLog => ({ texts: [], sequences: new Map() });

export interface MemoryEventLog extends EventLog {
  readonly kept: KeptLog;
}

export function openMemoryLog(origin: string, epoch: number, kept: KeptLog = emptyLog()): MemoryEventLog {
  let closed = false;
  const read = (afterSequence: number): AsyncIterable<LogMessage> => {
    const upTo = kept.texts.length;
    return (async function* () {
      for (let sequence = afterSequence + 1; sequence <= upTo; sequence += 1) yield { sequence, text: kept.texts[sequence - 1] ?? "" };
    })();
  };
  return {
    origin,
    epoch,
    kept,
    append: async ({ id, text }) => {
      if (closed) throw new Error(`log of ${origin} is closed`);
      const before = kept.sequences.get(id);
      if (before !== undefined) return before;
      kept.texts.push(text);
      kept.sequences.set(id, kept.texts.length);
      return kept.texts.length;
    },
    head: () => kept.texts.length,
    read,
    close: async () => {
      closed = true;
    },
  };
}
