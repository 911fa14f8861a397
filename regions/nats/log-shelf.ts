/** The region's own JetStream server, and its peers' mirrors of its log, as a start finds them. */
import type { PeerLink } from "../../core/ports/peer-link.ts";
import type { LogShelf } from "../../reconciliation/log-opening.ts";
import type { RegionConnection } from "./connection.ts";
import { type NatsEventLog, openEventLog } from "./event-log.ts";
import { askMirrorHeads, heldHere } from "./mirror-heads.ts";
import { restoreStored, restoreTail } from "./restore-tail.ts";
import { askStored } from "./stored-messages.ts";

export interface NatsShelfParts {
  readonly connection: RegionConnection;
  readonly link: PeerLink;
  /** Of the log's streams: 1, or 3 with three JetStream servers. */
  readonly replicas?: number;
}

export const natsShelf = ({ connection, link, replicas = 1 }: NatsShelfParts): LogShelf<NatsEventLog> => ({
  held: () => heldHere(connection, "OPS", connection.region),
  answers: (patienceMs) => askMirrorHeads(link, patienceMs),
  restoreFrom: async (peer, epoch, upTo) => {
    // As it was, where the peer's mirror has it; from its store what the mirror lacks.
    await restoreTail({ connection, epoch, peer, upTo, replicas }).catch(() => undefined);
    const headNow = async (): Promise<number> =>
      (await heldHere(connection, "OPS", connection.region)).find((held) => held.epoch === epoch)?.head ?? 0;
    for (let head = await headNow(); head < upTo; ) {
      const messages = await askStored(link, peer, epoch, head);
      if (messages.length === 0) throw new Error(`${peer} holds epoch ${epoch} up to ${head} only`);
      head += await restoreStored({ connection, epoch, replicas }, messages);
    }
  },
  restore: (epoch, messages) => restoreStored({ connection, epoch, replicas }, messages),
  open: (epoch) => openEventLog({ connection, origin: connection.region, epoch, replicas }),
});
