/** What `atoll doctor` finds where a store was named. */
export interface Inspected {
  readonly ok: boolean;
  readonly found: string;
  /** What mends it, or what would be better. */
  readonly mend?: string;
}
