/**
 * Memberships as the directory store holds them: what a routing table may begin with where nothing of it was kept. The store follows the region, so
 * it says up to which change it surely holds everything, and whoever reads it adds what has changed since. Nobody waits long for it: a region owes
 * a store nothing.
 */
import type { DirectoryStore } from "../core/ports/directory-store.ts";
import type { MembershipCopy } from "../core/ports/route-source.ts";
import type { Timers } from "../core/ports/time.ts";

export interface MembershipCopyParts {
  readonly directory: DirectoryStore;
  /** Names under which the region's processes note how far they are; together they bring everything. */
  readonly shards: readonly string[];
  /** Whose numbers the changes are. */
  readonly series: string;
  /** The last change that this process found: a store restored from an older backup gives the numbers after it again. */
  readonly first: number;
  readonly timers: Timers;
  readonly patienceMs?: number;
}

/** For the note, and for each page. */
const PATIENCE_MS = 4_000;

export function openMembershipCopy(parts: MembershipCopyParts): MembershipCopy {
  const { directory, shards, series, first, timers, patienceMs = PATIENCE_MS } = parts;
  const within = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const late = timers.after(patienceMs, () => reject(new Error(`no answer within ${patienceMs} ms`)));
      work.then(resolve, reject).finally(() => late.cancel());
    });
  return {
    change: async () => {
      if (first === 0) return undefined;
      const notes = await within(Promise.all(shards.map((shard) => directory.held(shard))));
      let least = first;
      for (const { held } of notes) {
        if (held?.series !== series) return undefined;
        least = Math.min(least, held.change);
      }
      return least;
    },
    memberships: async function* () {
      const pages = directory.memberships()[Symbol.asyncIterator]();
      try {
        for (;;) {
          const page = await within(pages.next());
          if (page.done === true) return;
          yield page.value;
        }
      } finally {
        void pages.return?.().catch(() => {}); // a page that still comes is waited for by nobody
      }
    },
  };
}
