/** L3: a region's store holds its own log whole, so that a lost one is made again from it, byte for byte. */
import { storedLog } from "../../../reconciliation/stored-log.ts";
import type { Mesh } from "../mesh.ts";
import { Violation } from "../violation.ts";

export function logsKept(mesh: Mesh): void {
  for (const { region, store, server } of mesh.machines)
    for (const [epoch, { texts }] of server.epochs) {
      const kept = [...storedLog(store, region).read(epoch, 0)];
      for (const [at, text] of texts.entries())
        if (kept[at]?.text !== text)
          throw new Violation("L3", `${region} keeps ${kept[at]?.text ?? "nothing"} for ${epoch}.${at + 1}, which is ${text}`);
      if (kept.length > texts.length) throw new Violation("L3", `${region} keeps ${kept.length} messages of ${texts.length}`);
    }
}
