/** C3 of what people write together: a document reads as its changes say, wherever, from whichever checkpoint, at any time; and in the end alike in all regions. */
import { keysUnder, type TableReader } from "../../../core/ports/state-store.ts";
import { readKey } from "../../../core/register.ts";
import { DocumentCheckpoints } from "../../../reconciliation/document-checkpoints.ts";
import type { Mesh, Watcher } from "../mesh.ts";
import { textOf } from "../typing.ts";
import { Violation } from "../violation.ts";
import { ALL, type EndState } from "./end-state.ts";

/** Each so many looks: a reading goes through the whole document twice. */
const EVERY = 6;

export function watchDocuments(mesh: Mesh): Watcher {
  let looks = 0;
  return {
    look: () => {
      looks += 1;
      if (looks % EVERY !== 0) return;
      for (const { region, serving } of mesh.machines)
        if (serving !== undefined)
          for (const [of] of serving.replica.tables.range("documents", ALL)) {
            const [channel = "", document = ""] = of.split("|");
            const read = textOf(serving.documents.changes(channel, document || null));
            const said = textOf(standing(serving.replica.tables, of));
            if (read !== said)
              throw new Violation("C3", `${region} reads "${read}" from its checkpoint of ${of}; its registers say "${said}"`);
          }
    },
  };
}

function standing(tables: TableReader, of: string): readonly string[] {
  const [channel = "", document = ""] = of.split("|");
  return [...tables.range("registers", keysUnder(`${channel}|document|${document}|`))]
    .flatMap(([, { resolution }]) => (resolution.winner === null ? [] : { stamp: resolution.winner, update: String(resolution.value) }))
    .sort((a, b) => (a.stamp < b.stamp ? -1 : 1))
    .map(({ update }) => update);
}

/** As the next life of each region would read them from its disk. */
export function documentsAlike({ acts, regions }: EndState): void {
  const written = new Map<string, { readonly stamp: string; readonly update: string }[]>();
  for (const [key, some] of acts) {
    const { channel, kind, ids } = readKey(key);
    if (kind !== "document") continue;
    const of = `${channel}|${ids[0]}`;
    const changes = written.get(of) ?? [];
    written.set(of, changes);
    for (const { stamp, value } of some) changes.push({ stamp, update: String(value) });
  }
  for (const [of, changes] of written) {
    const [channel = "", document = ""] = of.split("|");
    const said = textOf(changes.sort((a, b) => (a.stamp < b.stamp ? -1 : 1)).map(({ update }) => update));
    for (const { region, store } of regions) {
      const read = textOf(asRead(store).changes(channel, document || null));
      if (read !== said) throw new Violation("C3", `${region} reads "${read}" in the document ${of}; all that was written says "${said}"`);
    }
  }
}

const asRead = (store: TableReader): DocumentCheckpoints =>
  new DocumentCheckpoints({
    tables: { ...store, put: () => {} },
    timers: NO_TIMERS,
    closed: () => ({ allMs: 0, reachableMs: 0 }),
    wrote: () => {},
  });
const NO_TIMERS = { after: () => ({ cancel: () => {} }), every: () => ({ cancel: () => {} }), monotonicMs: () => 0 };
