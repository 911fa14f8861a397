/** The registry of one process: its gateways see each other through memory. */
import type { ConnectionRegistry, Seen, Session } from "../../core/ports/connection-registry.ts";
import { shownOf } from "../../core/ports/connection-registry.ts";

/** A region's gateways; each joins with `openMemoryRegistry`. */
export type MemoryGateways = Map<string, Map<string, Session>>;

export function openMemoryRegistry(gateways: MemoryGateways, gateway: string): ConnectionRegistry {
  const own = new Map<string, Session>();
  gateways.set(gateway, own);
  return {
    put: (session) => void own.set(session.connection, session),
    remove: (connection) => void own.delete(connection),
    read: async function* () {
      for (const [one, sessions] of gateways) if (sessions.size > 0) yield { gateway: one, sessions: [...sessions.values()] };
    },
    who: async (users) => {
      const asked = new Set(users);
      const found = new Map<string, Session[]>();
      for (const sessions of gateways.values())
        for (const session of sessions.values())
          if (asked.has(session.user)) found.set(session.user, [...(found.get(session.user) ?? []), session]);
      return new Map([...found].flatMap(([user, seen]) => (shownOf(seen) === undefined ? [] : [[user, shownOf(seen) as Seen] as const])));
    },
    written: async () => {},
    close: async () => void gateways.delete(gateway),
  };
}
