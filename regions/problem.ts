/** What is wrong with a setting, and the line that mends it. */
export interface Problem {
  readonly key: string;
  readonly problem: string;
  readonly mend?: string;
}
