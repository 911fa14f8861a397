/** The HTTP door: who asks, what they may say, and every error as problem+json. The calls themselves are in `routes/`. */

import type { Context as HonoContext } from "hono";
import { Hono } from "hono";
import { Refusal } from "../core/errors.ts";
import { callerOf, cameByGateway } from "./address.ts";
import type { Context } from "./context.ts";
import { answerOrigins } from "./cors.ts";
import { jsonFromBytes } from "./json-door.ts";
import { plainText } from "./plain-text.ts";
import { asRefusal, problemResponse } from "./problem.ts";
import { parse } from "./protocol/parse.ts";
import { commandId } from "./protocol/text.ts";
import { readBody } from "./request-body.ts";
import type { Answer, Route } from "./routes/route.ts";
import { bearerIn } from "./tokens.ts";
import type { DoorEnv } from "./websocket-seam.ts";

export type App = Hono<{ Bindings: DoorEnv }>;
type Asked = HonoContext<{ Bindings: DoorEnv }>;

/** Answered without a token: what is alive, what is described. */
export interface OpenPage {
  readonly path: string;
  readonly answer: (query: Readonly<Record<string, string>>) => Response | Promise<Response>;
}

export function openApp({ parts }: { readonly parts: Context["parts"] }): App {
  const app: App = new Hono();
  app.use("*", answerOrigins(parts.allowedOrigins));
  app.onError((thrown) => problemResponse(asRefusal(thrown, (error) => parts.log.error({ err: error }, "a call failed unexpectedly"))));
  app.notFound(() =>
    problemResponse(new Refusal("not-found", "There is nothing at this path.", { hint: "All calls are listed at /docs." })),
  );
  app.use("*", async (c, next) => {
    checkEncoding(c.req.url);
    if (parts.trunk?.only === true && !OPEN_TO_ALL.includes(c.req.path) && !cameByGateway(c.env.incoming, parts.trunk.key))
      throw new Refusal("forbidden", "This process takes calls from its region's gateways only.");
    await next();
  });
  return app;
}

/** What whoever runs the process asks, also where calls come from gateways only. */
const OPEN_TO_ALL: readonly string[] = ["/healthz", "/readyz", "/metrics"];

export function addPages(app: App, pages: readonly OpenPage[]): void {
  for (const { path, answer } of pages) app.get(path, (c) => answer(c.req.query()));
}

export function addRoutes(app: App, context: Context, routes: readonly Route[]): void {
  for (const route of routes) app.on(route.method.toUpperCase(), honoPath(route.path), (c) => call(context, route, c));
}

/** A path that exists answers other methods with 405 and what it allows. */
export function addMethodErrors(app: App, described: readonly { readonly method: string; readonly path: string }[]): void {
  const allowed = new Map<string, string[]>();
  for (const { method, path } of described) allowed.set(path, [...(allowed.get(path) ?? []), method.toUpperCase()]);
  for (const [path, methods] of allowed) {
    const allow = (methods.includes("GET") ? [...methods, "HEAD"] : methods).join(", ");
    app.all(honoPath(path), () => problemResponse(new Refusal("method-not-allowed", `This path takes ${allow}.`), { allow }));
  }
}

const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ":$1");

async function call(context: Context, route: Route, c: Asked): Promise<Response> {
  const { actor } = await context.tokens.verify(bearerIn(c.req.header("authorization")));
  const closed = route.ofMesh === true ? undefined : context.parts.closed?.();
  if (closed !== undefined) throw closed;
  const answered = route.isWrite ? undefined : await context.rates.read(actor.user);
  let text = "";
  try {
    const answer = await route.run({
      context,
      actor,
      params: textsOf(c.req.param(), "the path"),
      query: queryOf(route, c),
      body: await bodyOf(route, c),
      key: keyOf(context, c),
      ip: callerOf(c.env.incoming, context.parts.trunk?.key),
    });
    text = JSON.stringify(answer.body);
    return responseOf(answer, text);
  } finally {
    answered?.(text.length);
  }
}

const responseOf = ({ status, headers }: Answer, text: string): Response =>
  new Response(text, { status, headers: { "content-type": "application/json", "cache-control": "no-store", ...headers } });

/** An empty body is as good as `{}` where the call needs nothing said. */
async function bodyOf(route: Route, { env, req }: Asked): Promise<unknown> {
  if (req.method === "GET" || req.method === "HEAD") return {};
  const encoding = req.header("content-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity")
    throw new Refusal(
      "invalid",
      `A body is taken as it is, and not with Content-Encoding ${plainText(encoding, "the header").slice(0, 40)}.`,
    );
  const bytes = await readBody(env.incoming);
  if (route.body === undefined || (bytes.length === 0 && route.bodyOptional === true)) return {};
  return jsonFromBytes(bytes);
}

function keyOf({ parts }: Context, { req }: Asked): string {
  const given = req.header("idempotency-key");
  if (given === undefined) return parts.newId();
  try {
    return parse(commandId, given);
  } catch {
    throw new Refusal("invalid", "Idempotency-Key is 1 to 128 visible ASCII characters.");
  }
}

/** A parameter that is given twice would be obeyed in half. One that the call does not have is nobody's business. */
function queryOf({ query }: Route, { req }: Asked): Readonly<Record<string, string>> {
  for (const [name, values] of Object.entries(req.queries()))
    if (values.length > 1 && query !== undefined && Object.hasOwn(query.shape, name))
      throw new Refusal("invalid", `${plainText(name, "the query")} is given ${values.length} times.`, {
        hint: "Once is enough; where several values are taken they stand in one, by comma.",
      });
  return textsOf(req.query(), "the query");
}

const textsOf = (texts: Readonly<Record<string, string>>, where: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, plainText(value, where)]));

function checkEncoding(url: string): void {
  try {
    decodeURIComponent(url.split("?", 1)[0] ?? "");
  } catch {
    throw new Refusal("invalid", "The path is no percent-encoding of UTF-8.");
  }
}
