/** What each policy would make of some versions, all beside each other. Changes nothing and reads nothing: only what the asker sends counts. */

import type { Deletes } from "../core/event.ts";
import type { Stamp } from "../core/stamp.ts";
import { greaterStamp } from "../core/stamp.ts";

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

export function preview({ base, versions, deletes = "final" }: PreviewAsk) {
  const removals = versions.filter(({ value }) => value === null);
  const isDeleted = deletes === "final" && removals.length > 0;
  const winner = greatest(isDeleted ? removals : versions);
  const losers = versions.filter(({ value }) => value !== winner.value).map(({ stamp }) => stamp);
  return {
    base,
    outcomes: {
      lww: {
        value: winner.value,
        winner: winner.stamp,
        losers,
        rule: isDeleted ? "delete-final" : "lww",
        why: isDeleted ? "A delete is final where the channel's `deletes` is `final`." : "The greatest trusted stamp wins (S3).",
      },
      merge: {
        available: false,
        why: "A merge needs what each author's editor changed, not only the texts. This version makes no such updates yet; until then a channel with the policy `merge` decides by `lww` (D7).",
      },
      "keep-both": {
        values: [...new Set(versions.map(({ value }) => value))],
        why: "No policy of a channel yet: shown so that people can choose, and take a text back with restore.",
      },
    },
  };
}

/** The greatest trusted stamp, else the greatest (D3). */
function greatest(versions: readonly PreviewVersion[]): PreviewVersion {
  const trusted = versions.filter(({ distrusted }) => distrusted !== true);
  return (trusted.length > 0 ? trusted : versions).reduce((best, other) =>
    greaterStamp(best.stamp, other.stamp) === best.stamp ? best : other,
  );
}
