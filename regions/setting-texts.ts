/** Texts that settings are given as. */
import { z } from "zod";
import { signedNumberIn } from "../core/decimal.ts";

export const text = z.string().min(1);
/** A setting that is a number: in digits, as `core/decimal.ts` reads them. */
export const digits = <N extends z.ZodType<number>>(number: N) =>
  z.preprocess((value) => (typeof value === "string" ? (signedNumberIn(value) ?? value) : value), number);
/** By comma. */
export const list = text.transform((value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean),
);
