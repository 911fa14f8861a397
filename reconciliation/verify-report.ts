/**
 * `verify`: compares every region's state, live, at one common vector, and says exactly what differs (H7). Equal means that every region of the
 * topology was there. `light` is the same barrier over the sums that are kept anyway, for the fact *converged* (P2).
 */
import { identityIn } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Verifier, VerifyDifference, VerifyReport } from "../core/ports/boards.ts";
import type { Timers } from "../core/ports/time.ts";
import { vectorText } from "../core/position.ts";
import type { BarrierAt, Barriers, BarrierTry } from "./verify-barrier.ts";
import { findDifferences } from "./verify-differences.ts";
import type { RootMode } from "./verify-root.ts";
import type { Ask, RootWords } from "./verify-words.ts";

export interface VerificationOptions {
  readonly barriers: Barriers;
  readonly timers: Timers;
  /** 0 <= x < 1. */
  readonly random: () => number;
  /** Shown id of a channel's identity, for the report. */
  readonly shownChannel: (identity: string) => string;
  /** Identity behind a channel's shown id or alias; undefined when nobody knows it. */
  readonly channelOf?: (channel: string) => string | undefined;
}

/** What a light comparison found. `undecided`: not every region was there; nothing can be said. */
export type Outcome = "equal" | "differs" | "undecided" | "busy";

/** How often a verify that finds another one under way comes back. */
const TRIES = 30;
const PAUSE_MS = { least: 100, spread: 400 } as const;

interface Compared {
  readonly at: BarrierAt;
  readonly roots: ReadonlyMap<string, RootWords>;
  /** Every region was there and all roots are the same. */
  readonly equal: boolean;
  /** Every region was there. */
  readonly complete: boolean;
}

export class Verification implements Verifier {
  readonly #options: VerificationOptions;

  constructor(options: VerificationOptions) {
    this.#options = options;
  }

  async verify({ channel }: { readonly channel?: string }): Promise<VerifyReport> {
    const { barriers, channelOf } = this.#options;
    const identity = channel === undefined ? undefined : (channelOf?.(channel) ?? identityIn("channel", channel) ?? channel);
    const at = await this.#open();
    if ("busy" in at) return busyReport(at.busy);
    let equal: boolean | undefined;
    try {
      const { compared, differences } = await this.#keeping(at, async () => {
        const found = await this.#compare(at, "full", identity);
        return { compared: found, differences: await this.#differences(found) };
      });
      if (identity === undefined && compared.complete) equal = compared.equal;
      return report(compared, differences);
    } finally {
      await barriers.release(at.session, here(at), equal);
    }
  }

  /** One try: a barrier that stands already will tell its outcome to all. */
  async light(): Promise<Outcome> {
    const { barriers } = this.#options;
    const at = await barriers.open();
    if ("busy" in at) return "busy";
    let equal: boolean | undefined;
    try {
      const compared = await this.#keeping(at, () => this.#compare(at, "light", undefined));
      if (compared.complete) equal = compared.equal;
    } finally {
      await barriers.release(at.session, here(at), equal);
    }
    return equal === undefined ? "undecided" : equal ? "equal" : "differs";
  }

  async #open(): Promise<BarrierTry> {
    const { barriers, timers, random } = this.#options;
    for (let left = TRIES; ; left -= 1) {
      const at = await barriers.open();
      if (!("busy" in at) || left <= 1) return at;
      await new Promise<void>((resolve) => timers.after(PAUSE_MS.least + random() * PAUSE_MS.spread, resolve));
    }
  }

  async #compare(at: BarrierAt, mode: RootMode, channel: string | undefined): Promise<Compared> {
    const ask = { session: at.session, mode, ...(channel === undefined ? {} : { channel }) };
    const roots = await this.#roots(here(at), ask);
    const complete = roots.size === at.regions.size;
    const equal = complete && new Set([...roots.values()].map(({ digest, proof }) => `${digest} ${proof}`)).size === 1;
    return { at, roots, equal, complete };
  }

  async #roots(regions: readonly string[], ask: Ask<"root">): Promise<ReadonlyMap<string, RootWords>> {
    const roots = new Map<string, RootWords>();
    const readBy = async (region: string): Promise<void> => {
      for (;;) {
        const { root } = await this.#options.barriers.ask(region, "root", ask, LIMITS.verifyReadMs);
        if (root !== null) return void roots.set(region, root);
      }
    };
    await Promise.all(regions.map((region) => readBy(region).catch(() => undefined)));
    return roots;
  }

  /** Who is done keeps its transaction while others still read. */
  async #keeping<T>(at: BarrierAt, work: () => Promise<T>): Promise<T> {
    const { barriers, timers } = this.#options;
    const stir = (region: string): void =>
      void barriers.ask(region, "values", { session: at.session, keys: [] }, LIMITS.verifyReadMs).catch(() => undefined);
    const timer = timers.every(LIMITS.verifyReadMs / 3, () => here(at).forEach(stir));
    try {
      return await work();
    } finally {
      timer.cancel();
    }
  }

  async #differences({ at, roots }: Compared): Promise<readonly VerifyDifference[]> {
    const { barriers, shownChannel } = this.#options;
    if (new Set([...roots.values()].map(({ digest, proof }) => `${digest} ${proof}`)).size < 2) return [];
    return findDifferences({ barriers, session: at.session, regions: [...roots.keys()], shownChannel }).catch(() => []);
  }
}

const here = ({ regions }: BarrierAt): readonly string[] =>
  [...regions].filter(([, { standing }]) => standing === "here").map(([region]) => region);

function report({ at, roots, equal }: Compared, differences: readonly VerifyDifference[]): VerifyReport {
  const digests = new Set([...roots.values()].map(({ digest }) => digest));
  const regions: Record<string, VerifyReport["regions"][string]> = {};
  for (const [region, { standing, quarantined }] of at.regions) {
    const root = roots.get(region);
    const why =
      standing === "unreached"
        ? `${region} cannot be reached`
        : standing === "behind"
          ? `${region} is behind`
          : root === undefined
            ? `${region} could not read its state in time`
            : quarantined > 0
              ? `${region} quarantines ${quarantined}`
              : undefined;
    regions[region] = { digest: root?.digest ?? null, events: root?.events ?? 0, ...(why === undefined ? {} : { why }) };
  }
  return { equal, asOf: vectorText(at.vector), digest: equal ? ([...digests][0] ?? null) : null, regions, differences };
}

const busyReport = (region: string): VerifyReport => ({
  equal: false,
  asOf: {},
  digest: null,
  regions: { [region]: { digest: null, events: 0, why: `${region} is being verified by somebody else` } },
  differences: [],
});
