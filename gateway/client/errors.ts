/** Every error of the library: what happened, in a code that programs read, and what mends it. */
import type { ErrorCode } from "../../core/errors.ts";

/**
 * The contract's codes are a region's word. The library's own: `no-websocket`; `options`: what connect was given; `queue-full`: too much waits offline;
 * `unknown`: sent, and nobody answered in time, so it may have happened; `not-sent`: it has not; `closed`: by the program; `refused-here`: a region
 * will not have this connection; `unreachable`: nobody answers; `token`: none could be had; `not-kept`: the outbox that was given failed.
 */
export type AtollErrorCode =
  | ErrorCode
  | "no-websocket"
  | "options"
  | "queue-full"
  | "unknown"
  | "not-sent"
  | "closed"
  | "refused-here"
  | "unreachable"
  | "token"
  | "not-kept";

export interface ErrorFacts {
  /** What would mend it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Code of the WebSocket's close, where one is behind it. */
  readonly closeCode?: number | undefined;
}

export class AtollError extends Error {
  readonly code: AtollErrorCode;
  readonly hint: string | undefined;
  readonly closeCode: number | undefined;

  constructor(code: AtollErrorCode, message: string, { hint, cause, closeCode }: ErrorFacts = {}) {
    super(hint === undefined ? message : `${message} ${hint}`, cause === undefined ? undefined : { cause });
    this.name = "AtollError";
    this.code = code;
    this.hint = hint;
    this.closeCode = closeCode;
  }
}

/** A refusal as a region words it, in a reply, an error frame or problem+json. */
export function refusalFrom(said: unknown): AtollError {
  const { code, message, detail, hint } = (said ?? {}) as { readonly [field: string]: unknown };
  const text = typeof message === "string" ? message : typeof detail === "string" ? detail : "The region refused, and did not say why.";
  return new AtollError((typeof code === "string" ? code : "unavailable") as ErrorCode, text, {
    hint: typeof hint === "string" ? hint : undefined,
  });
}
