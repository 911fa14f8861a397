/**
 * Pages of history that were read lately, kept where every process of the region finds them, also one that has just started. Losable, bounded in
 * time, and never waited for long: what is not found is read from where it is kept.
 */
export interface SharedPages {
  /** Undefined when it is not there, or not to be had at once. Never rejects. */
  get(name: string): Promise<string | undefined>;
  /** Keeps it for a while. Never waits and never fails. */
  put(name: string, text: string): void;
}
