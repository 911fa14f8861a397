/** Lengths of time as people type them: 250ms, 20s, 5m, 1h, 7d; signed where a clock is meant. */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;
const DURATION = /^([+-]?)(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Milliseconds, or undefined when the text is no such length. */
export function parseDuration(text: string): number | undefined {
  const [, sign, amount, unit] = DURATION.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Math.round(Number(amount) * UNIT_MS[unit as Unit]) * (sign === "-" ? -1 : 1);
}

/** A length in the largest unit of which it is at least one: 250ms, 1.5s, 3m, 2h. */
export function formatDuration(durationMs: number): string {
  if (Math.abs(durationMs) < 1_000) return `${Math.round(durationMs)}ms`;
  // Rounded first, so that a millisecond less than an hour is an hour and not 60 minutes.
  const inUnit = (unit: Unit): number => Number((durationMs / UNIT_MS[unit]).toFixed(1));
  const unit = (["d", "h", "m"] as const).find((one) => Math.abs(inUnit(one)) >= 1) ?? "s";
  return `${inUnit(unit)}${unit}`;
}
