/** S6, L2: a region whose store was lost lets people speak to it when it knows what it has known before, as far as its own disks held it when it came back. */
import type { Point } from "../../../core/position.ts";
import { comparePoints, START } from "../../../core/position.ts";
import type { Mesh, Watcher } from "../mesh.ts";
import { Violation } from "../violation.ts";

export function watchKnowing(mesh: Mesh): Watcher {
  /** "<region> <peer>": the furthest that people of the region could see of the peer's log. */
  const known = new Map<string, Point>();
  /** The same: how much of it lay on the region's own disks when its present life began. What a mirror takes later is applied a moment after. */
  const lay = new Map<string, number>();
  return {
    started: (region) => {
      for (const peer of mesh.regions) {
        const before = known.get(`${region} ${peer}`);
        if (before !== undefined) lay.set(`${region} ${peer}`, mesh.mirrors.of(region, peer, before.epoch).texts.length);
      }
    },
    look: () => {
      for (const { region, serving, beganEmpty } of mesh.machines)
        for (const peer of serving === undefined ? [] : mesh.regions.filter((one) => one !== region)) {
          const applied = serving?.replica.vector[peer] ?? START;
          const before = known.get(`${region} ${peer}`) ?? START;
          const here = Math.min(before.sequence, lay.get(`${region} ${peer}`) ?? 0);
          const knows = applied.epoch > before.epoch || (applied.epoch === before.epoch && applied.sequence >= here);
          if (beganEmpty && here > 0 && !knows)
            throw new Violation(
              "S6",
              `${region} answers and knows ${peer} to ${applied.epoch}.${applied.sequence}, after it knew it to ${before.epoch}.${before.sequence}`,
            );
          if (comparePoints(applied, before) > 0) known.set(`${region} ${peer}`, applied);
        }
    },
  };
}
