/** What a command says: one document for programs, words for people, and one of four exit codes (contract §2). */

/** 0 yes or done · 1 the answer is no · 2 wrong usage · 3 cannot reach the mesh. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Answer {
  readonly code: ExitCode;
  /** What `--json` prints, whole. */
  readonly document: unknown;
  /** What a person reads. Absent: nothing to say. */
  readonly text?: string;
}

/** Where a command speaks: stdout belongs to its answer, everything else goes to stderr. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Progress is shown on a terminal only. */
  readonly isTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A command that cannot go on: one line that says what is wrong, and what mends it. */
export class Stop extends Error {
  readonly code: ExitCode;
  readonly hint: string | undefined;

  constructor(code: ExitCode, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }

  get line(): string {
    return this.hint === undefined ? this.message : `${this.message} (${this.hint})`;
  }
}
