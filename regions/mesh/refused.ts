/** What the mesh refuses to do: one line that says what is wrong, and what mends it; with the exit code that fits (contract §2). */
export class Refused extends Error {
  readonly code: 1 | 2 | 3;
  readonly hint: string | undefined;
  constructor(code: 1 | 2 | 3, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
