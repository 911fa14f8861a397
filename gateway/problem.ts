/** Refusals as people get them: problem+json over HTTP (RFC 9457), an error object over the socket. */
import type { ErrorCode } from "../core/errors.ts";
import { ERRORS, Refusal } from "../core/errors.ts";

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly hint?: string;
}
export interface FrameError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly hint?: string;
  readonly retryAfterMs?: number;
}

/** Anything thrown becomes a refusal. What is not one is our fault: it is logged and told as "unavailable", without its words. */
export function asRefusal(thrown: unknown, unexpected: (error: unknown) => void): Refusal {
  if (thrown instanceof Refusal) return thrown;
  unexpected(thrown);
  return new Refusal("unavailable", "Something went wrong here; what became of the call is unknown.", {
    hint: "Try again with the same Idempotency-Key.",
    retryAfterS: 1,
  });
}

export function problemOf({ code, message, hint }: Refusal): Problem {
  const { status, title, retryable } = ERRORS[code];
  return { type: `urn:atoll:error:${code}`, title, status, detail: message, code, retryable, ...(hint === undefined ? {} : { hint }) };
}

export function problemResponse(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Response {
  const retryAfterS = refusal.retryAfterS ?? (refusal.status === 429 || refusal.status === 503 ? 1 : undefined);
  return new Response(JSON.stringify(problemOf(refusal)), {
    status: refusal.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(retryAfterS === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(retryAfterS))) }),
      ...(refusal.code === "unauthenticated" ? { "www-authenticate": 'Bearer realm="atoll"' } : {}),
      ...headers,
    },
  });
}

export const frameErrorOf = ({ code, message, retryable, hint, retryAfterS }: Refusal): FrameError => ({
  code,
  message,
  retryable,
  ...(hint === undefined ? {} : { hint }),
  ...(retryAfterS === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterS * 1000) }),
});
