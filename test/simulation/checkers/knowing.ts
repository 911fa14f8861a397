/** S6, L2: a region whose store was lost lets people speak to it when it knows what it has known before, as far as its own disks still hold it. */
import type { Point } from "../../../core/position.ts";
import { comparePoints, START } from "../../../core/position.ts";
import type { Mesh, Watcher } from "../mesh.ts";
import { Violation } from "../violation.ts";

export function watchKnowing(mesh: Mesh): Watcher {
  /** "<region> <peer>": the furthest that people of the region could see of the peer's log. */
  const known = new Map<string, Point>();
  return {
    look: () => {
      for (const { region, serving, beganEmpty } of mesh.machines)
        for (const peer of serving === undefined ? [] : mesh.regions.filter((one) => one !== region)) {
          const applied = serving?.replica.vector[peer] ?? START;
          const before = known.get(`${region} ${peer}`) ?? START;
          const here = Math.min(before.sequence, mesh.mirrors.of(region, peer, before.epoch).texts.length);
          if (beganEmpty && (applied.epoch < before.epoch || (applied.epoch === before.epoch && applied.sequence < here)))
            throw new Violation(
              "S6",
              `${region} answers and knows ${peer} to ${applied.epoch}.${applied.sequence}, after it knew it to ${before.epoch}.${before.sequence}`,
            );
          if (comparePoints(applied, before) > 0) known.set(`${region} ${peer}`, applied);
        }
    },
  };
}
