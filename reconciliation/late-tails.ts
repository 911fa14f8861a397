/** When a peer comes back, asks what it still holds of our ended epochs beyond our own, and takes that into the present log (H1, L3). */
import type { Timer, Timers } from "../core/ports/time.ts";
import type { LateTail } from "./late-tail.ts";
import { type LogShelf, mendEarlier } from "./log-opening.ts";
import type { RegionSyncBoard } from "./sync-board.ts";

/** Where a peer went away while it gave back what it held, it is asked again after this. */
const AGAIN_MS = 5_000;

export interface LateTailsParts {
  readonly shelf: LogShelf;
  /** Of the own log now. */
  readonly epoch: number;
  readonly links: Pick<RegionSyncBoard, "onLink">;
  readonly late: LateTail;
  readonly timers: Timers;
  /** So many messages of an ended epoch were taken in. */
  readonly taken: (epoch: number, messages: number) => void;
  readonly failed: (cause: unknown) => void;
}

/** Does nothing while the log is in its first epoch. Returns what ends it. */
export function mendLateTails({ shelf, epoch: present, links, late, timers, taken, failed }: LateTailsParts): () => void {
  if (present === 1) return () => {};
  let looking: Promise<void> = Promise.resolve();
  let again: Timer | undefined;
  let ended = false;
  const takeIn = async (epoch: number): Promise<void> => {
    let count = 0;
    for await (const { sequence, text } of (await shelf.open(epoch)).read(late.after(epoch))) {
      await late.admit(epoch, sequence, text);
      count += 1;
    }
    if (count > 0) taken(epoch, count);
  };
  const look = async (): Promise<void> => {
    const { earlier, isWhole } = await mendEarlier(shelf, present);
    for (const { epoch } of earlier) await takeIn(epoch);
    if (!isWhole) throw new Error("a peer holds more of an ended epoch than it gave back");
  };
  const soon = (): void => {
    again?.cancel();
    looking = looking.then(look).catch((cause: unknown) => {
      failed(cause);
      if (!ended) again = timers.after(AGAIN_MS, soon);
    });
  };
  const endListening = links.onLink(({ state }) => {
    if (state === "live") soon();
  });
  return () => {
    ended = true;
    again?.cancel();
    endListening();
  };
}
