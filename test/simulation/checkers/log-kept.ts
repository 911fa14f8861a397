/** L3: a region's store holds its own log whole, so that a lost one is made again from it, byte for byte. */
import { storedLog } from "../../../reconciliation/stored-log.ts";
import type { Mesh } from "../mesh.ts";
import { Violation } from "../violation.ts";
import type { EndState } from "./end-state.ts";

export function logsKept(mesh: Mesh, { truth }: EndState): void {
  /** What came back into an ended epoch after the region had gone on is kept where it was said again. */
  const elsewhere = new Set(truth.map(({ position, event }) => `${position.origin} ${event.late?.split(".").slice(0, 2).join(".")}`));
  for (const { region, store, server } of mesh.machines)
    for (const [epoch, { texts }] of server.epochs) {
      const kept = [...storedLog(store, region).read(epoch, 0)];
      for (const [at, text] of texts.entries())
        if (kept[at]?.text !== text && !elsewhere.has(`${region} ${epoch}.${at + 1}`))
          throw new Violation("L3", `${region} keeps ${kept[at]?.text ?? "nothing"} for ${epoch}.${at + 1}, which is ${text}`);
      if (kept.length > texts.length) throw new Violation("L3", `${region} keeps ${kept.length} messages of ${texts.length}`);
    }
}
