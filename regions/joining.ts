/**
 * A region that is new to a mesh (or lost its store) builds its state from its peers' logs before it is offered to anybody: it is ready when
 * `verify` says that it equals its peers. A region whose peers are all out of reach serves at once, and one that holds more than peers which are
 * cut off from each other does too: nobody waits for the other side of a cut (P1).
 */
import type { StateStore } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import type { ReadyLine } from "../gateway/parts.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import type { ProcessLog } from "./process-log.ts";

/** Kept in the store while the region joins: a crash on the way must not end it early. */
const JOINING = "joining";
const LOOK_MS = 250;
const VERIFY_MS = { least: 500, most: 10_000 } as const;
/** Peers that are behind so often in a row are cut off from each other: what they lack is not ours to wait for (P1). */
const AHEAD_TIMES = 3;

/** To be asked before anything is applied. */
export async function isJoining(store: StateStore): Promise<boolean> {
  const [position] = store.range("positions", keysUnder(""));
  if (position !== undefined) return store.get("facts", JOINING) === true;
  await store.commit([{ table: "facts", key: JOINING, value: true }]);
  return true;
}

export interface JoiningOptions {
  readonly joining: boolean;
  readonly region: Region;
  readonly store: StateStore;
  /** Whether regions are gone whose history has to be read too. */
  readonly anyRetired: () => boolean;
  readonly timers: Timers;
  readonly log: ProcessLog;
}
export interface Joining {
  ready(): ReadyLine;
  stop(): void;
}

type Verdict = "joined" | "not yet" | "compare";

/** What the links say: nobody to wait for, something still missing, or time to compare. */
function judged({ links, replica }: Region, anyRetired: boolean): Verdict {
  const peers = links.facts();
  const heard = peers.filter(({ state }) => state !== "cut-off");
  if (heard.length === 0) return "joined"; // alone, or cut off from all
  if (heard.some(({ beatAgeMs, lagEvents }) => beatAgeMs === null || lagEvents > 0)) return "not yet";
  const empty = Object.keys(replica.vector).length === 0;
  return empty && !anyRetired && heard.length === peers.length ? "joined" : "compare"; // nothing has happened anywhere yet
}

/** equal: with everybody who could be asked, and that was somebody. ahead: all that anybody is known to hold is here, and some peers lack of it. */
type Compared = "equal" | "ahead" | "not yet";

async function compared({ verifier, links }: Region): Promise<Compared> {
  const { equal, regions, differences } = await verifier.verify({});
  if (equal) return "equal";
  const asked = Object.entries(regions).filter(([name, { why }]) => why !== `${name} cannot be reached`);
  const digests = new Set(asked.map(([, { digest }]) => digest));
  const own = regions[links.sync().region]?.digest ?? null;
  if (asked.length < 2 || own === null || differences.length > 0) return "not yet";
  if (digests.size === 1) return "equal";
  return digests.size === 2 && digests.has(null) ? "ahead" : "not yet";
}

export function openJoining({ joining, region, store, anyRetired, timers, log }: JoiningOptions): Joining {
  let joined = !joining;
  let comparing = false;
  let ahead = 0;
  let waitMs: number = VERIFY_MS.least;
  let dueMs = 0;
  const startedMs = timers.monotonicMs();
  const enter = async (): Promise<void> => {
    joined = true;
    timer.cancel();
    await store.commit([{ table: "facts", key: JOINING, value: undefined }]);
    log.info({ event: "region.joined", tookMs: Math.round(timers.monotonicMs() - startedMs) }, "the region equals its peers and serves");
  };
  const compare = async (): Promise<void> => {
    const found = await compared(region).catch((): Compared => "not yet");
    ahead = found === "ahead" ? ahead + 1 : 0;
    if (found === "equal" || ahead >= AHEAD_TIMES) return enter();
    dueMs = timers.monotonicMs() + waitMs;
    waitMs = Math.min(VERIFY_MS.most, waitMs * 2);
  };
  const look = (): void => {
    if (comparing || joined) return;
    const verdict = judged(region, anyRetired());
    if (verdict === "not yet" || (verdict === "compare" && timers.monotonicMs() < dueMs)) return;
    comparing = true;
    void (verdict === "joined" ? enter() : compare()).finally(() => {
      comparing = false;
    });
  };
  const timer = timers.every(LOOK_MS, look);
  if (joined) timer.cancel();
  const lacking = (): string => {
    const behind = region.links.facts().filter(({ lagEvents }) => lagEvents > 0);
    if (behind.length === 0) return "comparing its state with its peers";
    return `building its state: ${behind.map(({ peer, lagEvents }) => `${lagEvents} messages of ${peer} to go`).join(", ")}`;
  };
  return {
    ready: () => ({ name: "joined", ok: joined, detail: joined ? "yes" : lacking() }),
    stop: () => timer.cancel(),
  };
}
