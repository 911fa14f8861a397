/** What a body register holds: text and metadata, written together and replaced together; null when the message is deleted. */
import type { Json } from "../../core/event.ts";
import type { Register } from "../../core/register.ts";

export interface BodyValue {
  readonly body: string | null;
  readonly metadata?: Json;
}

export function bodyValue(value: Json): BodyValue {
  if (typeof value === "string") return { body: value };
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { body: null };
  const { body, metadata } = value as { readonly [field: string]: Json };
  return { body: typeof body === "string" ? body : null, ...(metadata === undefined ? {} : { metadata }) };
}

/** Whether the register shows a deleted message now; with deletes that are not final a later version may show a text again. */
export const isDeleted = ({ resolution }: Register): boolean => resolution.winner !== null && resolution.value === null;
