/**
 * What a region's store remembers of what is for ever: its own name, those of every origin whose events it holds, and which mesh secret what it
 * holds is keyed by (contents, bots' secrets): under another one equal texts would differ, and a repeated command would be refused.
 */
import { hmac256 } from "../core/hash.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import { CannotServe } from "./refusal.ts";
import type { Topology } from "./topology.ts";
import { vanished } from "./topology-change.ts";

const NAME = "region";
const KEYED_BY = "mesh secret";

/** Throws CannotServe with what mends it. */
export async function checkForEver(store: StateStore, topology: Topology, region: string, meshSecret: string): Promise<void> {
  const name = store.get("facts", NAME);
  if (typeof name === "string" && name !== region)
    throw new CannotServe(
      `this data folder belongs to region ${name}, and ATOLL_REGION is ${region}: a name is for ever. Set ATOLL_REGION=${name}, or name an empty ATOLL_DATA_DIR`,
    );
  const origins = [...store.range("positions", keysUnder(""))].map(([origin]) => origin);
  const [problem] = vanished(origins, topology);
  if (problem !== undefined) throw new CannotServe(`ATOLL_TOPOLOGY: ${problem}`);
  const keyedBy = store.get("facts", KEYED_BY);
  const secret = hmac256(meshSecret, KEYED_BY).slice(0, 16); // tells it from others, and says nothing of it
  if (typeof keyedBy === "string" && keyedBy !== secret)
    throw new CannotServe(
      "this data folder was written under another ATOLL_MESH_SECRET (of a local mesh: the file `secret` in its folder), which is for ever. Give that one back, or name an empty ATOLL_DATA_DIR",
    );
  await store.commit([
    { table: "facts", key: NAME, value: region },
    { table: "facts", key: KEYED_BY, value: secret },
  ]);
}
