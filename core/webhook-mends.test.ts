import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mendOfDelivery } from "./webhook-mends.ts";

test("whatever the carrier says of a failure has a line that mends it", () => {
  const source = readFileSync(join(import.meta.dirname, "../regions/webhooks/carrier.ts"), "utf8");
  const words = [...source.matchAll(/(?:new Unsent\(|[A-Z_]+: |FORBIDDEN = |return |: )"([a-z][^"]+ [^"]+)"/g)].map(
    ([, said = ""]) => said,
  );
  expect(words.length).toBeGreaterThan(10);
  expect(words.filter((why) => mendOfDelivery({ why }) === undefined)).toEqual([]);
});

test("every answer but a good one has one too", () => {
  for (let status = 100; status < 600; status += 1)
    expect([status, mendOfDelivery({ status }) === undefined]).toEqual([status, status >= 200 && status < 300]);
  expect(mendOfDelivery({ why: "its url must begin with https://" })).toContain("url");
});
