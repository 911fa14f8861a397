/** What pages of other origins may read of this door's answers. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

const EXPOSED = ["Idempotent-Replayed", "Retry-After"];

/**
 * `allowed`: origins of web pages; none named = any. What a browser asks beforehand is answered by hono's own. It is not asked for other answers:
 * it writes its fields before there is an answer, and an answer that is joined with another becomes a whole `Response`, which costs as much as
 * the call.
 */
export function answerOrigins(allowed: readonly string[] | undefined): MiddlewareHandler {
  const beforehand = cors({ origin: allowed === undefined ? "*" : [...allowed], exposeHeaders: EXPOSED });
  const exposed = EXPOSED.join(",");
  return async (c, next) => {
    if (c.req.method === "OPTIONS") return beforehand(c, next);
    await next();
    const { headers } = c.res;
    const origin = c.req.header("origin") ?? "";
    if (allowed === undefined) headers.set("access-control-allow-origin", "*");
    else if (allowed.includes(origin)) headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", exposed);
    if (allowed !== undefined) headers.append("vary", "Origin");
  };
}
