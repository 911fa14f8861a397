/** How a region's log is opened when it starts: as it stands, or, where logs are lost, by the production's own decisions. */
import type { StateStore } from "../../core/ports/state-store.ts";
import { type OpenedLog, openLog } from "../../reconciliation/log-opening.ts";
import { type StoredLog, storedLog } from "../../reconciliation/stored-log.ts";
import { openEventLog } from "./event-log.ts";
import type { Life } from "./life.ts";
import { Shelf, type ShelfParts } from "./log-shelf.ts";
import type { Plan } from "./plan.ts";

export interface Opening extends ShelfParts {
  readonly store: StateStore;
  readonly loses: Plan["loses"];
}

export async function openLogOf({ loses, store, ...parts }: Opening): Promise<{ readonly shelf: Shelf; readonly opened: OpenedLog }> {
  const { region, life, server, roster } = parts;
  const shelf = new Shelf(parts);
  if (loses === undefined) return { shelf, opened: { log: openEventLog(server, server.latestEpoch, life), earlier: [], decided: "same" } };
  const opened = await openLog({
    ...{ shelf, cleanStop: false, wallMs: life.nowMs() },
    peers: roster.peersOf(region),
    stored: patiently(storedLog(store, region), life),
    durableAcks: loses === "log",
  });
  return { shelf, opened };
}

/** A start that the store refuses is made again, as its supervisor would. */
const patiently = (stored: StoredLog, life: Life): StoredLog => ({
  ...stored,
  opens: async (epoch) => {
    const isKept = (): Promise<boolean> =>
      stored.opens(epoch).then(
        () => true,
        () => false,
      );
    while (!(await isKept())) await life.sleep(200);
  },
});
