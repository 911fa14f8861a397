/** Our copy of a peer's log: a JetStream mirror through the gateways. Making one needs nothing of the peer, so a region that is cut off can. */
import type { RegionConnection } from "./connection.ts";
import { ensureStream, type StreamConfig, streamFacts } from "./jetstream-api.ts";
import { deliverSubject, LOCAL_API, type LogSource, mirrorStream, peerApi } from "./names.ts";
import { pause } from "./publish.ts";

const API_MS = 2_000;

export interface Mirrored {
  readonly origin: string;
  readonly epoch: number;
  readonly source: LogSource;
  readonly replicas: number;
}

const mirrorConfig = (here: string, { origin, epoch, source, replicas }: Mirrored): StreamConfig => ({
  name: mirrorStream(origin, epoch),
  mirror: { name: source.stream, external: { api: peerApi(source.peer), deliver: deliverSubject(here, source.peer) } },
  storage: "file",
  retention: "limits",
  num_replicas: replicas,
});

/** A mirror whose first request goes into the void sleeps for half a minute, so a new one waits a little for the way to be open; not for ever (P1). */
const OPEN_MS = 5_000;
const ASK_MS = 250;

/** A mirror that stands keeps the source it was made with: what another source would bring, the pull brings. */
export async function ensureMirror(connection: RegionConnection, mirrored: Mirrored): Promise<void> {
  const wanted = mirrorConfig(connection.region, mirrored);
  const found = await streamFacts(connection.nats, LOCAL_API, wanted.name, API_MS);
  if (!found) await wayToBeOpen(connection, mirrored.source);
  await ensureStream(connection.nats, LOCAL_API, { ...wanted, mirror: found?.config.mirror ?? wanted.mirror! }, API_MS);
}

async function wayToBeOpen(connection: RegionConnection, { peer, stream }: LogSource): Promise<void> {
  const untilMs = performance.now() + OPEN_MS;
  while (performance.now() < untilMs && !connection.nats.isClosed()) {
    try {
      await streamFacts(connection.nats, peerApi(peer), stream, ASK_MS);
      return;
    } catch {
      await pause(ASK_MS / 5);
    }
  }
}

/** Last sequence the copy holds; 0 while there is none. `lag` in the server's own answer stays 0 through a cut and is not asked. */
export async function mirrorLast(connection: RegionConnection, peer: string, epoch: number): Promise<number> {
  return (await streamFacts(connection.nats, LOCAL_API, mirrorStream(peer, epoch), API_MS))?.state.last_seq ?? 0;
}

/**
 * A replicated mirror sits out its own back-off after a cut. A new leader asks the peer at once, so once the link has been crossed the old
 * one is sent away (nats.md). With one replica there is nobody to hand over to.
 */
export function stirMirror(connection: RegionConnection, peer: string, epoch: number, replicas: number): void {
  if (replicas > 1) connection.nats.publish(`${LOCAL_API}.STREAM.LEADER.STEPDOWN.${mirrorStream(peer, epoch)}`);
}
