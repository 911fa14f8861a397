import { expect, test } from "vitest";
import { numberIn, signedFractionIn, signedNumberIn, wholeNumberIn } from "./decimal.ts";

const ODD = ["", " ", "0x10", "0b1", "1e2", " 5", "5 ", "+5", "5.", ".5", "--5", "5,0", "1_000", "٥", "Infinity", "NaN", "9".repeat(16)];

test.each(ODD)("%j is no number to anybody", (text) =>
  expect([wholeNumberIn, signedNumberIn, numberIn, signedFractionIn].map((read) => read(text))).toEqual(Array(4).fill(undefined)),
);

test("digits are a number, with a fraction or a minus where that is meant", () => {
  expect([wholeNumberIn("0"), wholeNumberIn("500"), wholeNumberIn("5.0"), wholeNumberIn("-5")]).toEqual([0, 500, undefined, undefined]);
  expect([signedNumberIn("-500"), signedNumberIn("7"), signedNumberIn("-5.0")]).toEqual([-500, 7, undefined]);
  expect([numberIn("0.5"), numberIn("300"), numberIn("-0.5")]).toEqual([0.5, 300, undefined]);
  expect([signedFractionIn("-122.25"), signedFractionIn("7"), signedFractionIn("0.5")]).toEqual([-122.25, 7, 0.5]);
});
