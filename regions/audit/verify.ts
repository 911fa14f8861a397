/** The audit logs of a running mesh, checked (law A1): every region that answers, and the others by name. */
import type { ChainHead } from "../../core/audit-chain.ts";
import { type Anchor, breaksOf, type ChainBreak, ChainCheck } from "../../reconciliation/audit-check.ts";
import type { Gateway, Reached } from "../cli/reach.ts";
import { entriesOf, headsOf, lostWith, NotGiven, nobodyGave } from "./logs.ts";

/** What became of one region's log. Who was not read to the end is `unchecked`, unless what was read is broken already. */
export type Outcome =
  | { readonly outcome: "intact"; readonly entries: number }
  | { readonly outcome: "broken"; readonly entries: number; readonly seq: number; readonly why: string }
  | { readonly outcome: "unchecked"; readonly entries: number; readonly why: string };

export interface LogsChecked {
  /** Every region of the mesh was read to the end, and every chain holds: nothing less is a yes. */
  readonly intact: boolean;
  readonly entries: number;
  /** Of the logs that were read to the end. */
  readonly heads: Readonly<Record<string, ChainHead>>;
  readonly firstBroken: ChainBreak | null;
  readonly broken: readonly ChainBreak[];
  readonly regions: Readonly<Record<string, Outcome>>;
}

interface LogRead {
  readonly chain: ChainCheck;
  /** Why it was not read to its end. */
  readonly lost: NotGiven | undefined;
}

async function readLog(reached: Reached, gateway: Gateway, counted: () => void): Promise<LogRead> {
  const chain = new ChainCheck(gateway.name);
  try {
    for await (const entry of entriesOf(reached, gateway)) {
      chain.take(entry, entry["fact"]);
      counted();
    }
    return { chain, lost: undefined };
  } catch (error) {
    return { chain, lost: lostWith(error) };
  }
}

/** Heads are read before the logs: these only grow. */
async function readAll(
  reached: Reached,
  counted: () => void,
): Promise<{ readonly logs: readonly LogRead[]; readonly heard: readonly Anchor[] }> {
  const heads = await Promise.all(reached.gateways.map((gateway) => headsOf(reached, gateway).catch(lostWith)));
  const logs: LogRead[] = [];
  for (const [nth, gateway] of reached.gateways.entries()) {
    const head = heads[nth];
    logs.push(head instanceof NotGiven ? { chain: new ChainCheck(gateway.name), lost: head } : await readLog(reached, gateway, counted));
  }
  return { logs, heard: heads.flatMap((head) => (head === undefined || head instanceof NotGiven ? [] : head)) };
}

/** Throws a Stop where no region gave its log. `progress` hears of each thousand entries. */
export async function checkLogs(reached: Reached, progress: (entries: number) => void): Promise<LogsChecked> {
  let entries = 0;
  const { logs, heard } = await readAll(reached, () => {
    entries += 1;
    if (entries % 1_000 === 0) progress(entries);
  });
  if (logs.every(({ lost }) => lost !== undefined)) throw nobodyGave(reached, logs.map(({ lost }) => lost).filter((one) => one !== undefined)); // biome-ignore format: one thought
  const whole = logs.filter(({ lost }) => lost === undefined).map(({ chain }) => chain);
  const parts = logs.filter(({ lost }) => lost !== undefined).map(({ chain }) => chain);
  // Of a log that ends because its region went away, peers have seen more; what it says of others holds.
  const broken = [
    ...breaksOf(whole, [...heard, ...parts.flatMap(({ anchors }) => anchors)]),
    ...parts.flatMap((chain) => chain.broken ?? []),
  ];
  const outcome = ({ chain, lost }: LogRead): Outcome => {
    const found = broken.find(({ region }) => region === chain.region);
    if (found !== undefined) return { outcome: "broken", entries: chain.entries, seq: found.seq, why: found.why };
    if (lost !== undefined) return { outcome: "unchecked", entries: chain.entries, why: lost.message };
    return { outcome: "intact", entries: chain.entries };
  };
  return {
    intact: broken.length === 0 && parts.length === 0,
    entries,
    heads: Object.fromEntries(whole.map((chain) => [chain.region, chain.head])),
    firstBroken: broken[0] ?? null,
    broken,
    regions: Object.fromEntries(logs.map((log) => [log.chain.region, outcome(log)])),
  };
}

/** For people: the verdict, every break, then a line a region. */
export function logsWords({ intact, entries, heads, broken, regions }: LogsChecked): string {
  const all = Object.entries(regions);
  const unchecked = all.filter(([, { outcome }]) => outcome === "unchecked").map(([region]) => region);
  const verdict = intact
    ? `intact: ${entries} entries, every chain whole and as its peers saw it`
    : broken.length > 0
      ? "broken:"
      : `not proved: ${unchecked.join(" and ")} could not be asked; nothing is broken in the others (${entries} entries)`;
  const told = broken.map(({ region, seq, why }) => `${region}, entry ${seq}: ${why}`);
  const lines = all.map(([region, one]) => {
    const words = one.outcome === "unchecked" ? `not checked: ${one.why}` : (heads[region]?.hash.slice(0, 16) ?? "");
    return `  ${region.padEnd(8)} ${String(one.entries).padStart(8)} entries  ${words}`.trimEnd();
  });
  return [verdict, ...told, ...lines].join("\n");
}
