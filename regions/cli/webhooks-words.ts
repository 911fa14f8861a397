/** Webhooks as people read them. */
import type { Webhook } from "../../core/objects.ts";
import type { Deliveries, Trial } from "../../core/ports/webhooks.ts";

/** What one region says, or why it says nothing. */
export type Said<T> = { readonly region: string } & (T | { readonly silent: string });

const stateOf = ({ enabled, halted }: Webhook): string => {
  if (halted !== null) return `halted by ${halted.region} at ${halted.at} (${halted.reason})`;
  return enabled ? "enabled" : "off";
};
export const hookLine = (hook: Webhook): string =>
  `${hook.id}  ${stateOf(hook)}  ${hook.name ?? ""}\n  ${hook.url}  ${hook.events === null ? "all events" : hook.events.join(", ")}`;

export function deliveriesLine(said: Said<Deliveries>): string {
  if ("silent" in said) return `  ${said.region.padEnd(8)} not asked: ${said.silent}`;
  const { region, waiting, pausedUntil, items } = said;
  const [last] = items;
  const tried =
    last === undefined ? "nothing tried" : `last ${last.outcome} at ${last.at}: ${last.status ?? last.why ?? ""} in ${last.tookMs} ms`;
  return `  ${region.padEnd(8)} ${waiting} waiting; ${tried}${pausedUntil === null ? "" : `; next try at ${pausedUntil}`}`;
}

export function trialLines(said: Said<Trial>): string {
  if ("silent" in said) return `  ${said.region.padEnd(8)} not tested: ${said.silent}`;
  const { region, outcome, status, why, mend, tookMs } = said;
  const line = `  ${region.padEnd(8)} ${outcome} in ${tookMs} ms: ${status === null ? (why ?? "no answer") : `the receiver answered ${status}`}`;
  return mend === undefined ? line : `${line}\n           mend: ${mend}`;
}
