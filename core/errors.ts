/** The one list of refusals (contract §3): code, HTTP status, and whether the same command may be tried again. */
export const ERRORS = {
  invalid: { status: 400, title: "Invalid input", retryable: false },
  unauthenticated: { status: 401, title: "Not signed in", retryable: false },
  forbidden: { status: 403, title: "Not allowed", retryable: false },
  "not-found": { status: 404, title: "Not found", retryable: false },
  "method-not-allowed": { status: 405, title: "Method not allowed", retryable: false },
  "conflict-of-command": { status: 409, title: "The same command id with other content", retryable: false },
  gone: { status: 410, title: "Deleted for good", retryable: false },
  "too-large": { status: 413, title: "Too large", retryable: false },
  "too-many-requests": { status: 429, title: "Too many requests", retryable: true },
  unavailable: { status: 503, title: "Not available right now", retryable: true },
} as const;
export type ErrorCode = keyof typeof ERRORS;

/** A refusal that the person who asked is told: which of the contract's codes, what was wrong, and what would mend it. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Seconds after which trying again makes sense (429, 503). */
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, detail: string, { hint, retryAfterS }: { hint?: string; retryAfterS?: number } = {}) {
    super(detail);
    this.code = code;
    this.hint = hint;
    this.retryAfterS = retryAfterS;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}
