/** Texts that settings are given as. */
import { z } from "zod";

export const text = z.string().min(1);
/** By comma. */
export const list = text.transform((value) =>
  value
    .split(",")
    .map((item) => item.trim())
    .filter(Boolean),
);
