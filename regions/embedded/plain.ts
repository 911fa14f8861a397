/** Copies we made ourselves: frozen, so they may be shared between rows, moments and readers. */
const ours = new WeakSet<object>();

/**
 * The value as a disk would give it back: plain JSON, no undefined fields, cut off from its writer. Parts that were read from a store come back
 * as they are, so a register that grew by one entry costs one entry.
 */
export function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null || ours.has(value)) return value;
  const copy = Array.isArray(value) ? value.map(plain) : fieldsOf(value as Readonly<Record<string, unknown>>);
  ours.add(copy);
  return Object.freeze(copy);
}

/** By hand: every row of every simulated region is copied so. A field named "__proto__" stays a field like any other. */
function fieldsOf(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const field = value[name];
    if (field === undefined) continue;
    if (name === "__proto__") Object.defineProperty(copy, name, { value: plain(field), enumerable: true });
    else copy[name] = plain(field);
  }
  return copy;
}
