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

/** The shortest text of a length: 250ms, 1.5s, 3m, 2h. */
export function formatDuration(durationMs: number): string {
  const size = Math.abs(durationMs);
  const unit: Unit = size < 1_000 ? "ms" : size < 60_000 ? "s" : size < 3_600_000 ? "m" : size < 86_400_000 ? "h" : "d";
  const amount = durationMs / UNIT_MS[unit];
  return `${unit === "ms" ? Math.round(amount) : Number(amount.toFixed(1))}${unit}`;
}
