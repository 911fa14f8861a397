/** The EventLog of one life of a region over its log server: the same bytes under the same id are tried until answered (H14). */
import type { EventLog, LogMessage } from "../../core/ports/event-log.ts";
import type { Life } from "./life.ts";
import type { LogServer } from "./log-server.ts";

const RETRY_MS = 700;
/** Messages read between two breaths of a replay: a crash can come in the middle of one. */
const READ_BATCH = 16;

export function openEventLog(server: LogServer, epoch: number, life: Life): EventLog {
  const log = server.epoch(epoch);
  return {
    origin: server.region,
    epoch,
    append: (message) =>
      new Promise((resolve) => {
        let answered = false;
        const attempt = (): void => {
          if (answered) return;
          server.write(epoch, message, life, (sequence) => {
            answered = true;
            resolve(sequence);
          });
          life.after(RETRY_MS, attempt);
        };
        attempt();
      }),
    head: () => log.texts.length,
    read: (afterSequence) => readFrom(log.texts, afterSequence, life),
    close: async () => {},
  };
}

async function* readFrom(texts: readonly string[], afterSequence: number, life: Life): AsyncGenerator<LogMessage> {
  const head = texts.length;
  for (let sequence = afterSequence + 1; sequence <= head; sequence += 1) {
    if ((sequence - afterSequence) % READ_BATCH === 0) await life.sleep(1);
    yield { sequence, text: texts[sequence - 1] ?? "[]" };
  }
}
