import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test("a mistyped word leads to the one that was meant", () => {
  expect(nearest("ATOLL_REGOIN", ["ATOLL_PORT", "ATOLL_REGION"])).toBe("ATOLL_REGION");
  expect(nearest("stauts", ["start", "status"])).toBe("status");
});

test("a word that is near to none leads nowhere", () => {
  expect(nearest("ATOLL_BANANA", ["ATOLL_PORT", "ATOLL_REGION"])).toBeUndefined();
});
