/** The registry of connections in Redis: this gateway's entries are written behind its back, twenty times a second; everybody's can be read. */
import type { ConnectionRegistry, GatewaySessions, Seen, Session } from "../../core/ports/connection-registry.ts";
import { REGISTRY, shownOf } from "../../core/ports/connection-registry.ts";
import type { Timers } from "../../core/ports/time.ts";
import type { RedisLink } from "./connection.ts";
import { replies } from "./connection.ts";
import { GatewayEntries } from "./gateway-entries.ts";
import { readName, readSeen, readSession, registryKeys } from "./registry-rows.ts";

const WRITE_MS = 50;
const ROWS_AT_ONCE = 1_000;
/** Names of gateways that ended long ago are swept away by those that live. Their clocks may differ. */
const FORGOTTEN_MS = 3_600_000;

export interface RegistryOptions {
  readonly link: RedisLink;
  /** This life of the gateway, unlike every other. */
  readonly gateway: string;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** So many entries of this gateway stood in Redis otherwise than it had written them, and are written again. */
  readonly mismatched?: (entries: number) => void;
}

export interface RedisRegistry extends ConnectionRegistry {
  /** How often everything was announced: once at the start, and after each loss. */
  announcements(): number;
}

export function openRedisRegistry({ link, gateway, timers, nowMs, mismatched }: RegistryOptions): RedisRegistry {
  const keys = registryKeys(link.prefix);
  const entries = new GatewayEntries(link, keys, gateway, nowMs, mismatched);
  const { client } = link;
  /** Each in its turn: a beat that counts fields must not overtake what it counts. */
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turn.then(() => (link.usable() ? work() : Promise.reject(new Error(link.health().detail))));
    turn = done.catch(() => {}); // whoever waits hears of it; the next beat tries again
    return done;
  };
  const quietly = (work: () => Promise<void>): void => void (link.usable() && inTurn(work).catch(() => {}));

  link.onReturn(() => {
    entries.doubt();
    quietly(() => entries.write());
  });
  const ends = [
    timers.every(WRITE_MS, () => quietly(() => entries.write())),
    timers.every(REGISTRY.beatMs, () => quietly(() => entries.beat())),
  ];

  async function gateways(): Promise<readonly { readonly gateway: string; readonly name: string }[]> {
    const named = Object.entries(await client.hgetall(keys.gateways)).map(([one, text]) => ({ gateway: one, ...readName(one, text) }));
    const forgotten = named.filter(({ heardMs }) => heardMs < nowMs() - FORGOTTEN_MS);
    if (forgotten.length > 0) await client.hdel(keys.gateways, ...forgotten.map((one) => one.gateway));
    return named;
  }

  async function* read(): AsyncIterable<GatewaySessions> {
    for (const { gateway: one, name } of await link.run("registry-read", gateways)) {
      let at = "0";
      do {
        const [next, flat] = await link.run("registry-read", () => client.hscan(keys.sessions(name), at, "COUNT", ROWS_AT_ONCE));
        const sessions: Session[] = [];
        for (let i = 0; i < flat.length; i += 2) {
          const session = readSession(flat[i] ?? "", flat[i + 1] ?? "");
          if (session !== undefined) sessions.push(session);
        }
        if (sessions.length > 0) yield { gateway: one, sessions };
        at = next;
      } while (at !== "0");
    }
  }

  async function who(users: readonly string[]): Promise<ReadonlyMap<string, Seen>> {
    if (users.length === 0) return new Map();
    const pipeline = client.pipeline();
    const named = await link.run("registry-who", gateways);
    for (const { name } of named) pipeline.hmget(keys.users(name), ...users);
    const rows = (await link.run("registry-who", () => replies(pipeline))) as readonly (readonly (string | null)[])[];
    const seen = users.flatMap((user, i) => {
      const shown = shownOf(rows.flatMap((row) => readSeen(row[i] ?? "") ?? []));
      return shown === undefined ? [] : [[user, shown] as const];
    });
    return new Map(seen);
  }

  return {
    put: (session) => entries.put(session),
    remove: (connection) => entries.remove(connection),
    read,
    who,
    written: () => inTurn(() => entries.write()),
    announcements: () => entries.announcements,
    close: async () => {
      for (const end of ends) end.cancel();
      await turn;
      if (link.usable()) await entries.leave().catch(() => {}); // its entries end by themselves
    },
  };
}
