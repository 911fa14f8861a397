/**
 * What came from outside is checked once, strictly, and trusted afterwards (A4). A check says what is wrong with a value in a few words, or
 * nothing. Unknown fields are wrong: a reader that skips what it does not know would hold another state than one that knows it.
 */
export type Check = (value: unknown) => string | undefined;
export interface Optional {
  readonly optional: Check;
}
/** One check per field of T, no field forgotten, and optional exactly where T says so: a new field does not compile until it is checked. */
export type Fields<T> = { readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional : Check };

export const optional = (check: Check): Optional => ({ optional: check });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `others`: what is thought of fields that nobody knows here; "ignored" only where nothing that must be equal in all regions hangs on them. */
export function fields<T>(wanted: Fields<T>, others: "refused" | "ignored" = "refused"): Check {
  const checks = Object.entries(wanted as Readonly<Record<string, Check | Optional>>).map(([name, check]) =>
    typeof check === "function" ? { name, check, needed: true } : { name, check: check.optional, needed: false },
  );
  const known = new Map(checks.map(({ name, check, needed }) => [name, { check, needed }]));
  const neededAll = checks.filter(({ needed }) => needed).length;
  /** One look at each field there is: most values are as they should be. What is wrong is said by a second, slower look. */
  const isRight = (value: Readonly<Record<string, unknown>>): boolean => {
    let found = 0;
    for (const name in value) {
      const field = known.get(name);
      if (field === undefined ? others === "refused" : field.check(value[name]) !== undefined) return false;
      if (field?.needed) found += 1;
    }
    return found === neededAll;
  };
  return (value) => {
    if (!isObject(value)) return "is no object";
    if (isRight(value)) return undefined;
    for (const { name, check, needed } of checks) {
      if (!Object.hasOwn(value, name)) {
        if (needed) return `lacks ${name}`;
        continue;
      }
      const wrong = check(value[name]);
      if (wrong !== undefined) return `${name} ${wrong}`;
    }
    if (others === "ignored") return undefined;
    for (const name of Object.keys(value)) if (!known.has(name)) return `has an unknown field ${JSON.stringify(name.slice(0, 40))}`;
    return undefined;
  };
}

export const nullable =
  (check: Check): Check =>
  (value) =>
    value === null ? undefined : check(value);

export const listOf =
  (check: Check, most: number): Check =>
  (value) => {
    if (!Array.isArray(value)) return "is no list";
    if (value.length > most) return `has more than ${most} items`;
    for (const item of value) {
      const wrong = check(item);
      if (wrong !== undefined) return `has an item that ${wrong}`;
    }
    return undefined;
  };

export const mapOf =
  (key: Check, check: Check, most: number): Check =>
  (value) => {
    if (!isObject(value)) return "is no object";
    const entries = Object.entries(value);
    if (entries.length > most) return `has more than ${most} entries`;
    for (const [name, item] of entries) {
      const wrong = key(name) ?? check(item);
      if (wrong !== undefined) return `has an entry that ${wrong}`;
    }
    return undefined;
  };

export const pattern =
  (regex: RegExp, what: string): Check =>
  (value) =>
    typeof value === "string" && regex.test(value) ? undefined : `is no ${what}`;

export const oneOf = (...allowed: readonly unknown[]): Check => {
  const set = new Set(allowed);
  return (value) => (set.has(value) ? undefined : `is none of ${allowed.join(", ")}`);
};

/** Control characters other than tab and newline, and lone surrogates: what the door refuses (contract §3). */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Cs}]/u;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

export const text =
  (least: number, mostBytes: number): Check =>
  (value) => {
    if (typeof value !== "string") return "is no text";
    if (value.length < least) return "is empty";
    if (value.length > mostBytes || (value.length * 3 > mostBytes && Buffer.byteLength(value) > mostBytes))
      return `is longer than ${mostBytes} bytes`;
    return !PRINTABLE_ASCII.test(value) && UNPRINTABLE.test(value) ? "holds control characters" : undefined;
  };

export const whole =
  (most: number = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most ? undefined : "is no whole number within its bounds";

/** Any finite number, negative ones too. */
export const finite: Check = (value) => (Number.isFinite(value) ? undefined : "is no number");
export const yesOrNo: Check = (value) => (typeof value === "boolean" ? undefined : "is neither true nor false");

/** JSON of at most `depth` levels and `mostBytes` as text. Depth first: the walk ends where the bound does, so no nesting can exhaust the stack. */
export const json =
  (depth: number, mostBytes: number): Check =>
  (value) => {
    if (deeperThan(value, depth)) return `is nested deeper than ${depth}`;
    return Buffer.byteLength(JSON.stringify(value)) > mostBytes ? `is longer than ${mostBytes} bytes` : undefined;
  };

export function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depth <= 0) return true;
  if (Array.isArray(value)) return value.some((item) => deeperThan(item, depth - 1));
  for (const name in value) if (deeperThan((value as Readonly<Record<string, unknown>>)[name], depth - 1)) return true;
  return false;
}

/** Canonical base64 of 1 to `most` bytes: the same bytes are the same text everywhere. */
export const base64 =
  (most: number): Check =>
  (value) => {
    if (typeof value !== "string") return "is no text";
    const bytes = value.length > 2 * most ? undefined : Buffer.from(value, "base64");
    if (bytes === undefined || bytes.length === 0 || bytes.length > most) return `is not 1 to ${most} bytes long`;
    return bytes.toString("base64") === value ? undefined : "is no base64";
  };
