/** What somebody knows: all that the definitions of model.ts look at. */
import type { Witness } from "../../core/distrust.ts";
import type { Entry, RegisterKey, Write } from "../../core/register.ts";
import type { TextMerge } from "../../core/text-merge.ts";

/** Everything that somebody knows. */
export interface World {
  readonly writes: readonly Write[];
  readonly witnesses: readonly Witness[];
  /** How texts are merged; absent: a merged text is written as the list of heads. */
  readonly text?: TextMerge["text"];
}

export const entriesOf = ({ writes }: World, key: RegisterKey): readonly Entry[] =>
  writes.flatMap((write) => (write.key === key && "entry" in write ? [write.entry] : []));
