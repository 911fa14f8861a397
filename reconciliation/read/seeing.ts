/** What a view of versions depends on beside the register: who looks, and which stamps nobody trusts (T2). */
import type { Stamp } from "../../core/stamp.ts";

export interface Viewer {
  readonly user: string;
  readonly auditor: boolean;
}
/** Somebody of whom nothing is known, as in what is told to a whole channel. */
export const ANYBODY: Viewer = { user: "", auditor: false };

export interface Seeing {
  readonly viewer: Viewer;
  readonly isDistrusted: (stamp: Stamp) => boolean;
}
