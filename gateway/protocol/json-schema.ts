/** Schemas of the code as JSON Schema for the descriptions: named objects go to `components`, once. */
import { z } from "zod";

export type JsonSchema = { [key: string]: unknown };

export class Components {
  readonly schemas: Record<string, JsonSchema> = {};

  of(schema: z.ZodType, io: "input" | "output" = "input"): JsonSchema {
    const {
      $defs,
      $schema: _,
      ...own
    } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as JsonSchema & { readonly $defs?: Record<string, JsonSchema> };
    for (const [name, one] of Object.entries($defs ?? {})) this.schemas[componentName(name)] ??= moved(one) as JsonSchema;
    return moved(own) as JsonSchema;
  }
}

/** zod calls what has no name of its own `__schema0`. */
const componentName = (name: string): string => (name.startsWith("__") ? "Json" : name);

function moved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moved);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "id" || typeof (value as JsonSchema)["id"] !== "string")
      .map(([key, field]) => [key, key === "$ref" && typeof field === "string" ? reference(field) : moved(field)]),
  );
}

const reference = (ref: string): string => `#/components/schemas/${componentName(ref.replace("#/$defs/", ""))}`;
