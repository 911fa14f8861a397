/** From a schema's verdict to a refusal in words. */
import type { z } from "zod";
import { Refusal } from "../../core/errors.ts";

export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.map(String).join(".").slice(0, 100)}: `;
  const isTooLarge = parsed.error.issues.some((one) => one.code === "custom" && one.params?.["code"] === "too-large");
  throw new Refusal(isTooLarge ? "too-large" : "invalid", `${where}${issue?.message ?? "not accepted"}`);
}
