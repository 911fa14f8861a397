/** What each policy would make of some versions, all beside each other. Changes nothing and reads nothing: only what the asker sends counts. */

import type { Deletes } from "../core/event.ts";
import type { Stamp } from "../core/stamp.ts";
import { greaterStamp } from "../core/stamp.ts";
import type { TextMerge } from "../core/text-merge.ts";
import { mergedOf } from "../core/text-merge.ts";

export interface PreviewVersion {
  readonly stamp: Stamp;
  readonly value: string | null;
  readonly distrusted?: boolean;
}
export interface PreviewAsk {
  readonly base: string | null;
  readonly versions: readonly PreviewVersion[];
  readonly deletes?: Deletes;
}

export function preview({ base, versions, deletes = "final" }: PreviewAsk, texts: TextMerge) {
  const removals = versions.filter(({ value }) => value === null);
  const isDeleted = deletes === "final" && removals.length > 0;
  const winner = greatest(isDeleted ? removals : versions);
  const losers = versions.filter(({ value }) => value !== winner.value).map(({ stamp }) => stamp);
  const lww = {
    value: winner.value,
    winner: winner.stamp,
    losers,
    rule: isDeleted ? "delete-final" : "lww",
    why: isDeleted ? "A delete is final where the channel's `deletes` is `final`." : "The greatest trusted stamp wins (S3).",
  };
  const merged = isDeleted ? undefined : mergedText(base, versions, texts);
  return {
    base,
    outcomes: {
      lww,
      merge: merged === undefined ? { ...lww, why: isDeleted ? lww.why : NOT_MERGED } : { ...mergedBy(merged, versions), why: MERGED },
      "keep-both": {
        values: [...new Set(versions.map(({ value }) => value))],
        why: "No policy of a channel yet: shown so that people can choose, and take a text back with restore.",
      },
    },
  };
}

const MERGED =
  "What each author changed in the base is in the text (S3). Of two insertions at the very same place, which stands first is settled by who made them and how, which a preview does not know.";
const NOT_MERGED = "A delete has nothing to merge, and without a base nobody knows what was changed: the greatest trusted stamp wins (D7).";

const mergedBy = (value: string, versions: readonly PreviewVersion[]) => ({
  value,
  winner: versions.map(({ stamp }) => stamp).reduce(greaterStamp),
  losers: [],
  rule: "merge",
});

function mergedText(base: string | null, versions: readonly PreviewVersion[], texts: TextMerge): string | undefined {
  const edits = versions.flatMap(({ stamp, value }) => (value === null ? [] : [{ name: stamp, text: value }]));
  return base === null || edits.length < versions.length ? undefined : mergedOf(texts, base, edits);
}

/** The greatest trusted stamp, else the greatest (D3). */
function greatest(versions: readonly PreviewVersion[]): PreviewVersion {
  const trusted = versions.filter(({ distrusted }) => distrusted !== true);
  return (trusted.length > 0 ? trusted : versions).reduce((best, other) =>
    greaterStamp(best.stamp, other.stamp) === best.stamp ? best : other,
  );
}
