/** What a region's store remembers of names (a name is for ever): its own, and those of every origin whose events it holds. */
import type { StateStore } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import { CannotServe } from "./refusal.ts";
import type { Topology } from "./topology.ts";
import { vanished } from "./topology-change.ts";

const NAME = "region";

/** Throws CannotServe with what mends it. */
export async function checkNames(store: StateStore, topology: Topology, region: string): Promise<void> {
  const name = store.get("facts", NAME);
  if (typeof name === "string" && name !== region)
    throw new CannotServe(
      `this data folder belongs to region ${name}, and ATOLL_REGION is ${region}: a name is for ever. Set ATOLL_REGION=${name}, or name an empty ATOLL_DATA_DIR`,
    );
  const origins = [...store.range("positions", keysUnder(""))].map(([origin]) => origin);
  const [problem] = vanished(origins, topology);
  if (problem !== undefined) throw new CannotServe(`ATOLL_TOPOLOGY: ${problem}`);
  if (name !== region) await store.commit([{ table: "facts", key: NAME, value: region }]);
}
