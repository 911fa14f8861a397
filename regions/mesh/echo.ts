/** The supervisor's own ear in a region: it asks other regions for an echo over NATS, which proves a link up or down whatever the region's processes do. */
import { connectRegion } from "../nats/connection.ts";
import { heldHere } from "../nats/mirror-heads.ts";
import { askedSubject } from "../nats/names.ts";

const QUESTION = "echo";

export interface Echo {
  /** Whether an echo from `peer` reached this region within `timeoutMs`. */
  ask(peer: string, timeoutMs: number): Promise<boolean>;
  /** Last sequences of the logs of `origin` that stand in this region, by epoch: its own log, or the mirrors of a peer's. */
  heads(origin: string): Promise<ReadonlyMap<number, number>>;
  close(): Promise<void>;
}

export async function openEcho(
  region: string,
  server: { readonly url: string; readonly user: string; readonly password: string },
): Promise<Echo> {
  const connection = await connectRegion({ region, ...server, name: "atoll-echo" });
  const { nats } = connection;
  nats.subscribe(askedSubject(region, QUESTION, "*"), { callback: (_error, message) => void message?.respond(message.data) });
  return {
    ask: async (peer, timeoutMs) => {
      if (!connection.connected()) return false;
      try {
        await nats.request(askedSubject(peer, QUESTION, region), "", { timeout: timeoutMs });
        return true;
      } catch {
        return false;
      }
    },
    heads: async (origin) => {
      const held = await heldHere(connection, origin === region ? "OPS" : "MIR", origin);
      return new Map(held.map(({ epoch, head }) => [epoch, head]));
    },
    close: () => connection.close(),
  };
}
