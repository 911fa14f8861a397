import { afterAll, beforeAll, expect, test } from "vitest";
import type { Opened } from "./gateway.test-model.ts";
import { openTestGateway } from "./gateway.test-model.ts";

const OURS = "https://chat.example";
let open: Opened;
let listed: Opened;
beforeAll(async () => {
  open = await openTestGateway();
  listed = await openTestGateway({ allowedOrigins: [OURS, "https://ops.example"] });
});
afterAll(async () => {
  await open.gateway.close();
  await listed.gateway.close();
});

const FIELDS = ["access-control-allow-origin", "access-control-expose-headers", "access-control-allow-methods", "vary"] as const;
async function fieldsOf({ url }: Opened, path: string, init: RequestInit): Promise<readonly (string | null)[]> {
  const answer = await fetch(url + path, init);
  await answer.text();
  return [String(answer.status), ...FIELDS.map((name) => answer.headers.get(name))];
}
const from = (origin: string | undefined, more: Readonly<Record<string, string>> = {}): RequestInit => ({
  headers: { ...(origin === undefined ? {} : { origin }), ...more },
});
const EXPOSED = "Idempotent-Replayed,Retry-After";

test.each([
  ["a page", "/healthz", "200"],
  ["a refusal", "/v1/channels", "401"],
  ["what is not there", "/nothing", "404"],
])("any page may read %s where no origins are named", async (_, path, status) => {
  expect(await fieldsOf(open, path, from("https://anybody.example"))).toEqual([status, "*", EXPOSED, null, null]);
  expect(await fieldsOf(open, path, from(undefined))).toEqual([status, "*", EXPOSED, null, null]);
});

test.each([
  ["a page", "/healthz", "200"],
  ["a refusal", "/v1/channels", "401"],
])("where origins are named, only their pages may read %s, and what is kept of it is kept by origin", async (_, path, status) => {
  expect(await fieldsOf(listed, path, from(OURS))).toEqual([status, OURS, EXPOSED, null, "Origin"]);
  for (const origin of ["https://anybody.example", `${OURS}.example`, undefined])
    expect(await fieldsOf(listed, path, from(origin))).toEqual([status, null, EXPOSED, null, "Origin"]);
});

test("a browser that asks before it sends is told methods and fields, and nothing is done", async () => {
  const asking = { "access-control-request-method": "POST", "access-control-request-headers": "authorization, idempotency-key" };
  const ask = (origin: string): RequestInit => ({ method: "OPTIONS", ...from(origin, asking) });
  const [code, anybody, exposed, methods, by] = await fieldsOf(open, "/v1/channels", ask(OURS));
  expect([code, anybody, exposed, by]).toEqual(["204", "*", EXPOSED, "Access-Control-Request-Headers"]);
  expect(methods?.split(",")).toEqual(expect.arrayContaining(["GET", "POST", "PUT", "PATCH", "DELETE"]));
  const [status, allowed, , , vary] = await fieldsOf(listed, "/v1/channels", ask(OURS));
  expect([status, allowed, vary]).toEqual(["204", OURS, "Origin, Access-Control-Request-Headers"]);
  expect((await fieldsOf(listed, "/v1/channels", ask("https://anybody.example")))[1]).toBe(null);
  const { headers } = await fetch(`${open.url}/v1/channels`, ask(OURS));
  expect(headers.get("access-control-allow-headers")).toBe("authorization,idempotency-key");
});
