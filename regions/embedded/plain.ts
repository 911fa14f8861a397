/** Copies we made ourselves: frozen, so they may be shared between rows, moments and readers. */
const ours = new WeakSet<object>();

/**
 * The value as a disk would give it back: plain JSON, no undefined fields, cut off from its writer. Parts that were read from a store come back
 * as they are, so a register that grew by one entry costs one entry.
 */
export function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null || ours.has(value)) return value;
  const copy = Array.isArray(value)
    ? value.map(plain)
    : Object.fromEntries(
        Object.entries(value)
          .filter(([, field]) => field !== undefined)
          .map(([name, field]) => [name, plain(field)]),
      );
  ours.add(copy);
  return Object.freeze(copy);
}
