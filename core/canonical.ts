/** JSON in one form only, so that equal values are equal bytes in every region (S5): keys sorted by code unit, no spaces, no undefined. */
export const canonical = (value: unknown): string => (isSorted(value) ? (JSON.stringify(value) ?? "null") : written(value));

/** Whether every object in it names its keys in order already, as values do that were read from canonical text: then JSON writes them so. */
function isSorted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let last = "";
  // Plain objects have nothing to inherit here, and no list of their keys is made.
  for (const key in value) {
    if (key < last || !isSorted((value as Readonly<Record<string, unknown>>)[key])) return false;
    last = key;
  }
  return true;
}

function written(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  let text = "";
  for (const key of Object.keys(value).sort()) {
    const field = (value as Readonly<Record<string, unknown>>)[key];
    if (field !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${written(field)}`;
  }
  return `{${text}}`;
}

/** The same value with every object's keys in order, so that it is canonical wherever it is written and read again. Itself where they are. */
export function sorted<T>(value: T): T {
  if (typeof value !== "object" || value === null || isSorted(value)) return value;
  if (Array.isArray(value)) return value.map(sorted) as T;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.keys(fields)
      .sort()
      .map((key) => [key, sorted(fields[key])]),
  ) as T;
}
