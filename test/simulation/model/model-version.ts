/** A version of a register as the definitions see it: the events of one author, command and content (D5). */
import type { Json } from "../../../core/event.ts";
import type { Act } from "./acts.ts";

export interface ModelVersion {
  /** The smallest stamp of its twins. */
  readonly stamp: string;
  readonly twins: readonly Act[];
  readonly value: Json;
  readonly text: string;
  readonly author: string;
  readonly deleted: boolean;
}
