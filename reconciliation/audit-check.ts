/**
 * Whether audit logs are what they say (law A1): each chain unbroken from its first entry, each fact the one that was hashed, and each log such as
 * its peers wrote down to have seen it. Needs nothing but the entries, so anybody can do it with an export.
 */
import { CHAIN_START, type ChainHead, entryHash } from "../core/audit-chain.ts";
import { canonical } from "../core/canonical.ts";
import type { Event } from "../core/event.ts";
import { sha256 } from "../core/hash.ts";
import type { AuditEntry } from "../core/objects.ts";

/** The first entry of a region's log that is not what it should be. */
export interface ChainBreak {
  readonly region: string;
  readonly seq: number;
  readonly why: string;
}
/** What somebody wrote down of a region's log. */
export interface Anchor extends ChainHead {
  readonly of: string;
  readonly by: string;
}

/** One region's log, taken entry by entry. */
export class ChainCheck {
  readonly region: string;
  readonly #hashes: string[] = [];
  readonly anchors: Anchor[] = [];
  broken: ChainBreak | undefined;

  constructor(region: string) {
    this.region = region;
  }

  get entries(): number {
    return this.#hashes.length;
  }
  get head(): ChainHead {
    return { seq: this.entries, hash: this.#hashes.at(-1) ?? CHAIN_START.hash };
  }

  /** `fact`: the event itself, of an entry of kind version. */
  take(entry: AuditEntry, fact: unknown): void {
    const why = this.#wrong(entry, fact);
    if (why !== undefined) this.broken ??= { region: this.region, seq: this.entries + 1, why };
    this.#hashes.push(entry.hash);
    if (entry.kind === "anchor") this.anchors.push({ of: String(entry["peer"]), by: this.region, ...(entry["head"] as ChainHead) });
  }

  /** Whether the log is such as somebody else saw it. */
  against({ of, by, seq, hash }: Anchor): ChainBreak | undefined {
    if (of !== this.region) return undefined;
    const mine = this.#hashes[seq - 1];
    if (mine === hash) return undefined;
    if (mine !== undefined) return { region: of, seq, why: `${by} has seen another entry here: the log was made anew` };
    return { region: of, seq: this.entries + 1, why: `ends after ${this.entries} entries; ${by} has seen ${seq}` };
  }

  #wrong(entry: AuditEntry, fact: unknown): string | undefined {
    const { seq, hash } = this.head;
    if (entry.region !== this.region || entry.seq !== seq + 1) return `entry ${entry.seq} of ${entry.region} stands here`;
    if (entry.prev !== hash) return "names another entry before it";
    if (entry.hash !== entryHash(hash, entry)) return "is not what was hashed";
    if (entry.kind !== "version") return undefined;
    if (fact === undefined || fact === null) return "its fact is missing";
    return factHash(fact as Event) === entry["factHash"] ? undefined : "its fact is not what was hashed";
  }
}

/** By which the chain holds a fact: where it came again from an ended epoch is no part of what it says. */
function factHash({ late: _, ...event }: Event): string {
  return sha256(canonical(event));
}

/** Whether all chains hold, by themselves and by what each has seen of the others; the first break of each region that has one. */
export function breaksOf(chains: readonly ChainCheck[], heard: readonly Anchor[] = []): readonly ChainBreak[] {
  const anchors = [...chains.flatMap((chain) => chain.anchors), ...heard];
  return chains.flatMap((chain) => {
    const breaks = [chain.broken, ...anchors.map((anchor) => chain.against(anchor))].filter((one) => one !== undefined);
    const [first] = breaks.sort((a, b) => a.seq - b.seq);
    return first === undefined ? [] : [first];
  });
}
