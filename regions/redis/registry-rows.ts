/** How the registry stands in Redis: three kinds of keys, and rows of words between blanks (ids hold none). */
import type { Seen, Session } from "../../core/ports/connection-registry.ts";
import { shownOf } from "../../core/ports/connection-registry.ts";

export interface RegistryKeys {
  /** Hash: gateway -> "<generation> <ms since 1970>". */
  readonly gateways: string;
  /** Hash: connection -> "<user> <status> <since> <channel>…"; `name` = "<gateway>:<generation>". */
  readonly sessions: (name: string) => string;
  /** Hash: user -> "<status> <since>". */
  readonly users: (name: string) => string;
}
export const registryKeys = (prefix: string): RegistryKeys => ({
  gateways: `${prefix}gateways`,
  sessions: (name) => `${prefix}sessions:${name}`,
  users: (name) => `${prefix}users:${name}`,
});

export function sessionText({ user, status, sinceMs, channels }: Session): string {
  let text = `${user} ${status} ${sinceMs}`;
  for (const channel of channels) text += ` ${channel}`;
  return text;
}
export function readSession(connection: string, text: string): Session | undefined {
  const [user = "", status, since, ...channels] = text.split(" ");
  return user !== "" && isStatus(status) ? { connection, user, status, sinceMs: Number(since), channels } : undefined;
}

export function seenText(sessions: Iterable<Session>): string {
  const { status, sinceMs } = shownOf(sessions) ?? { status: "away", sinceMs: 0 };
  return `${status} ${sinceMs}`;
}
export function readSeen(text: string): Seen | undefined {
  const [status, since] = text.split(" ");
  return isStatus(status) ? { status, sinceMs: Number(since) } : undefined;
}
const isStatus = (text: string | undefined): text is Seen["status"] => text === "online" || text === "away";

/** A gateway's name with its generation, and when it was last heard. */
export function readName(gateway: string, text: string): { readonly name: string; readonly heardMs: number } {
  const [generation = "", heard = ""] = text.split(" ");
  return { name: `${gateway}:${generation}`, heardMs: Number(heard) };
}
