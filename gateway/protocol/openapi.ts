/** OpenAPI 3.1 of the HTTP door, made from the declarations that also run it. */
import type { z } from "zod";
import { LIMITS } from "../../core/limits.ts";
import type { Route } from "../routes/route.ts";
import { PARAMS } from "../routes/route.ts";
import { Components } from "./json-schema.ts";
import { Problem } from "./objects.ts";

/** Pages without a token, as the description lists them. */
export const OPEN_PATHS: readonly { readonly path: string; readonly summary: string; readonly type: string }[] = [
  { path: "/healthz", summary: "Alive", type: "text/plain" },
  { path: "/readyz", summary: "Serves local users; ?verbose: one line a dependency", type: "text/plain" },
  { path: "/metrics", summary: "Prometheus metrics", type: "text/plain" },
  { path: "/openapi.json", summary: "This description", type: "application/json" },
  { path: "/asyncapi.json", summary: "The WebSocket protocol as AsyncAPI 3.0", type: "application/json" },
  { path: "/docs", summary: "This description to read", type: "text/html" },
  { path: "/console/", summary: "The mesh at a glance", type: "text/html" },
];

export function openApi(routes: readonly Route[], version: string): object {
  const components = new Components();
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method] = operationOf(route, components);
    paths[route.path] = operations;
  }
  for (const { path, summary, type } of OPEN_PATHS)
    paths[path] = {
      get: { summary, tags: ["pages"], security: [], responses: { 200: { description: summary, content: { [type]: {} } } } },
    };
  return {
    openapi: "3.1.0",
    info: {
      title: "Atoll",
      version,
      description:
        "Chat in several regions at once. Every region takes everything while it is cut off; when links return, all regions come to the same state. Errors are problem+json (RFC 9457).",
    },
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      responses: {
        Problem: {
          description: "What was wrong, and what mends it",
          content: { "application/problem+json": { schema: components.of(Problem) } },
        },
      },
    },
    security: [{ token: [] }],
  };
}

function operationOf(route: Route, components: Components): object {
  const key = {
    name: "Idempotency-Key",
    in: "header",
    description: route.isWrite
      ? "The command's id: sent again, in any region, it has one effect and one answer"
      : "The id of what is asked: under the same one it is the same, to whoever hears of it",
    schema: { type: "string", maxLength: LIMITS.idempotencyKeyChars },
  };
  return {
    operationId: `${route.method}${route.path.replace(/\/v1|[{}]/g, "").replace(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: route.summary,
    tags: [route.group],
    parameters: [...pathParameters(route.path, components), ...queryParameters(route.query, components), ...(route.isKeyed ? [key] : [])],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: route.bodyOptional !== true, content: { "application/json": { schema: components.of(route.body) } } } }),
    responses: {
      [route.status]: {
        description: route.isWrite ? "Accepted: durable in this region" : "The answer",
        ...(route.isWrite
          ? {
              headers: {
                "Idempotent-Replayed": { description: "true when the command had been accepted before", schema: { type: "string" } },
              },
            }
          : {}),
        content: { "application/json": { schema: components.of(route.answer, "output") } },
      },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

function pathParameters(path: string, components: Components): readonly object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: schemaOf(PARAMS[name]?.schema, components),
  }));
}

const schemaOf = (schema: z.ZodType | undefined, components: Components): object =>
  schema === undefined ? { type: "string" } : components.of(schema);

function queryParameters(query: z.ZodObject | undefined, components: Components): readonly object[] {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({ name, in: "query", schema: components.of(schema as z.ZodType) }));
}
