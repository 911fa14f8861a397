/** The two descriptions are kept in the repository: a change of the contract shows itself in review. */
import { expect, test } from "vitest";
import { ROUTES } from "../routes/all.ts";
import { asyncApi } from "./asyncapi.ts";
import { openApi } from "./openapi.ts";

const text = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

test("OpenAPI is as committed", async () => {
  await expect(text(openApi(ROUTES, "snapshot"))).toMatchFileSnapshot("openapi.snapshot.json");
});

test("AsyncAPI is as committed", async () => {
  await expect(text(asyncApi("snapshot"))).toMatchFileSnapshot("asyncapi.snapshot.json");
});

test("every reference of both descriptions leads somewhere, and no call is described twice", () => {
  for (const document of [openApi(ROUTES, "x"), asyncApi("x")])
    for (const [, path] of JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)) {
      const found = (path ?? "")
        .slice(1)
        .split("/")
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key.replaceAll("~1", "/")], document);
      expect(found, path).toBeDefined();
    }
  const calls = ROUTES.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(calls).size).toBe(calls.length);
  const ids = Object.values((openApi(ROUTES, "x") as { paths: Record<string, Record<string, { operationId?: string }>> }).paths).flatMap(
    (item) => Object.values(item).flatMap(({ operationId }) => operationId ?? []),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

/** Calls other than GET under which nothing is known by a key: they change nothing, or say a state that is the same said twice. */
const UNKEYED = ["post /v1/conflicts/preview", "post /v1/regions/round-trips", "put /v1/stores/mode"];

test("every call that writes, orders or sends something is described with its Idempotency-Key, and no other", () => {
  interface Operation {
    readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  }
  const { paths } = openApi(ROUTES, "x") as { paths: Record<string, Record<string, Operation>> };
  const described = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [] }]) => ({
      call: `${method} ${path}`,
      isGet: method === "get",
      isKeyed: parameters.some((one) => one.in === "header" && one.name === "Idempotency-Key"),
    })),
  );
  expect(described.filter(({ isGet, isKeyed }) => isGet && isKeyed)).toEqual([]);
  expect(described.flatMap(({ call, isGet, isKeyed }) => (isGet || isKeyed ? [] : [call])).sort()).toEqual(UNKEYED);
});

const CALLS =
  `POST /v1/channels · GET /v1/channels · GET /v1/channels/{} · PATCH /v1/channels/{} · PUT /v1/channels/{}/members/{} · DELETE /v1/channels/{}/members/{}
GET /v1/channels/{}/members · POST /v1/channels/{}/messages · GET /v1/channels/{}/messages · GET /v1/channels/{}/messages/{} · PATCH /v1/channels/{}/messages/{}
DELETE /v1/channels/{}/messages/{} · GET /v1/channels/{}/messages/{}/versions · PUT /v1/channels/{}/messages/{}/reactions/{} · DELETE /v1/channels/{}/messages/{}/reactions/{}
PUT /v1/channels/{}/read · GET /v1/changes · GET /v1/presence · GET /v1/sync · GET /v1/channels/{}/sync · GET /v1/conflicts · GET /v1/conflicts/{} · POST /v1/conflicts/{}/restore
POST /v1/conflicts/{}/seen · POST /v1/conflicts/preview · GET /v1/audit/entries · GET /v1/audit/heads · GET /v1/regions · GET /healthz · GET /readyz · GET /metrics`.split(
    / · |\n/,
  );

test("every call of the contract is described", () => {
  const { paths } = openApi(ROUTES, "x") as { paths: Record<string, object> };
  const described = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, "{}")}`),
  );
  expect(CALLS.filter((call) => !described.includes(call))).toEqual([]);
});
