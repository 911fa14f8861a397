/** When a peer comes back, asks what it still holds of our ended epochs beyond our own, and takes that into the present log (H1, L3). */
import type { LateTail } from "../reconciliation/late-tail.ts";
import type { RegionSyncBoard } from "../reconciliation/sync-board.ts";
import { openEventLog } from "./nats/event-log.ts";
import { mendEarlier } from "./nats/open-log.ts";
import type { ProcessLog } from "./process-log.ts";
import type { Foundation } from "./region-foundation.ts";

/** Does nothing while the log is in its first epoch. Returns what ends it. */
export function takeLateTails(
  { connection, link, opened }: Foundation,
  links: RegionSyncBoard,
  late: LateTail,
  log: ProcessLog,
): () => void {
  if (opened.log.epoch === 1) return () => {};
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    for (const { epoch } of await mendEarlier({ connection, link }, opened.log.epoch)) {
      const after = late.after(epoch);
      if (after === undefined) continue;
      const ended = await openEventLog({ connection, origin: link.region, epoch, replicas: 1 });
      let count = 0;
      for await (const { sequence, text } of ended.read(after)) {
        await late.admit(epoch, sequence, text);
        count += 1;
      }
      if (count > 0)
        log.warn({ event: "log.late-tail", epoch, messages: count }, "peers held more of an ended epoch than we knew; taken in");
    }
  };
  return links.onLink(({ state }) => {
    if (state !== "live") return;
    looking = looking
      .then(look)
      .catch((error: unknown) =>
        log.warn({ event: "log.late-tail-failed", cause: String(error) }, "peers could not be asked about ended epochs"),
      );
  });
}
