/** What became of every message: pure accounting over what writers were told and what readers and histories show. */

import { identityIn } from "../../core/ids.ts";

export interface Delivered {
  readonly command: string;
  readonly position: string;
  readonly author: string;
  readonly channel: string;
  /** Where it was accepted. */
  readonly origin: string;
  /** The number of the message in the recording; undefined for later changes. */
  readonly nth: number | undefined;
}

/** One reader's stream, judged as it comes: twice the same position, or an author's messages out of the author's order (L5). */
export class ReaderLedger {
  readonly #positions = new Set<string>();
  readonly #commands = new Set<string>();
  readonly #last = new Map<string, number>();
  duplicated = 0;
  outOfOrder = 0;

  take({ command, position, author, channel, origin, nth }: Delivered): void {
    if (this.#positions.has(position)) {
      this.duplicated += 1;
      return;
    }
    this.#positions.add(position);
    this.#commands.add(command);
    if (nth === undefined) return;
    const line = `${author}|${channel}|${origin}`;
    if ((this.#last.get(line) ?? -1) > nth) this.outOfOrder += 1;
    else this.#last.set(line, nth);
  }

  /** How many of these accepted commands never came. */
  missing(accepted: Iterable<string>): number {
    let count = 0;
    for (const command of accepted) if (!this.#commands.has(command)) count += 1;
    return count;
  }
}

/**
 * Messages of one region's histories against what was accepted: each once, none missing. A message is known by its identity: an author who was
 * answered by the second of two regions knows it by another tag than the one that is shown (T3).
 */
export function compareHistory(
  accepted: ReadonlySet<string>,
  shown: readonly string[],
): { readonly lost: number; readonly duplicated: number } {
  const counts = new Map<string, number>();
  for (const id of shown.map(identity)) counts.set(id, (counts.get(id) ?? 0) + 1);
  let lost = 0;
  for (const id of accepted) if (!counts.has(identity(id))) lost += 1;
  let duplicated = 0;
  for (const count of counts.values()) duplicated += count - 1;
  return { lost, duplicated };
}

const identity = (id: string): string => identityIn("message", id) ?? id;

export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
}
