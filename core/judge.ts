/** Who wins among versions of which none comes after another (semantics D3, D4, D7). */

import type { Json } from "./event.ts";
import type { ConflictRecord, RegisterKind } from "./register.ts";
import type { Stamp } from "./stamp.ts";
import type { TextOf } from "./text-merge.ts";
import { withText } from "./text-merge.ts";
import type { Version } from "./versions.ts";
import { isDelete } from "./versions.ts";

export interface Verdict {
  readonly winner: Version;
  readonly value: Json;
  readonly rule: ConflictRecord["rule"];
  readonly reason: ConflictRecord["reason"];
}

/** By what a verdict is found, beside the versions themselves. */
export interface Judging {
  /** Whether more than half of the regions have witnessed a clock too far ahead behind this stamp (D3). */
  readonly isDistrusted: (stamp: Stamp) => boolean;
  /** Absent: nothing is merged. */
  readonly textOf?: TextOf;
}

/** `final`: a final delete stands in the register, so every delete is final and only deletes may win. `candidates` is not empty. */
export function judge(candidates: readonly Version[], kind: RegisterKind, final: boolean, { isDistrusted, textOf }: Judging): Verdict {
  const deletes = kind === "body" && final ? candidates.filter(({ first }) => isDelete(first)) : [];
  const judged = deletes.length > 0 ? deletes : candidates;
  const better =
    kind === "alias" ? (a: Version, b: Version) => (a.stamp < b.stamp ? a : b) : (a: Version, b: Version) => (a.stamp > b.stamp ? a : b);
  const trusted = judged.filter(({ stamp }) => !isDistrusted(stamp));
  const winner = (trusted.length > 0 ? trusted : judged).reduce(better);
  const reason = winner === judged.reduce(better) ? "stamp" : "distrusted";
  if (deletes.length > 0) return { winner, value: null, rule: "delete-final", reason };
  if (kind === "alias") return { winner, value: winner.first.value, rule: "first", reason };
  const text = kind === "body" && winner.first.policy === "merge" ? textOf?.(candidates) : undefined;
  // What is no text, as metadata, is the last writer's.
  if (text !== undefined)
    return { winner: judged.reduce(better), value: withText(winner.first.value, text), rule: "merge", reason: "stamp" };
  return { winner, value: winner.first.value, rule: "lww", reason };
}
