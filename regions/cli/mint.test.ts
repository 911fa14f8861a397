import { jwtVerify } from "jose";
import { expect, test } from "vitest";
import { mintToken } from "./mint.ts";

test("a token says who, with which roles and until when, and is signed with the folder's secret", async () => {
  const minted = await mintToken("s".repeat(64), { user: "ana", roles: ["auditor"], ttlMs: 60_000 });
  const { payload } = await jwtVerify(minted.token, new TextEncoder().encode("s".repeat(64)), { issuer: "atoll" });
  expect(payload).toMatchObject({ sub: "ana", roles: ["auditor"] });
  expect(new Date((payload.exp ?? 0) * 1000).toISOString()).toBe(minted.expiresAt);
  await expect(jwtVerify(minted.token, new TextEncoder().encode("t".repeat(64)))).rejects.toThrow();
});
