/** Planted bugs of what becomes of a log that its disk has lost (see planted.ts). */
import { LOSS_SEEDS } from "./plan.ts";
import { edit, type Planted } from "./planted-bug.ts";

export const PLANTED_LOGS: readonly Planted[] = [
  {
    name: "lost-tail-reused",
    story: "a log that its disk has lost is begun anew under the same sequences",
    edits: [
      edit(
        "reconciliation/log-opening.ts",
        "headOf(holdings.local, known.epoch) >= known.sequence) return false;",
        "known.sequence > 0) return false;",
      ),
      edit(
        "reconciliation/choose-epoch.ts",
        "  if (here && head >= wanted) {",
        "  if (here === undefined || head <= wanted || head >= wanted) {",
      ),
      edit(
        "reconciliation/choose-epoch.ts",
        "evidence.cleanStop || (evidence.fellShort !== true && (evidence.durableAcks || allAnswered))",
        "true",
      ),
    ],
    amongst: LOSS_SEEDS,
  },
  {
    name: "stored-log-forgotten",
    story: "what only the region's own store has of its lost log is not written back",
    edits: [
      edit("reconciliation/log-opening.ts", "await shelf.restore(epoch, stored.read(epoch, headOf(now, epoch)));", "headOf(now, epoch);"),
    ],
    amongst: LOSS_SEEDS,
  },
];
