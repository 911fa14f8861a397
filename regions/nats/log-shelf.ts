/** The region's own JetStream server, and its peers' mirrors of its log, as a start finds them. */
import type { PeerLink } from "../../core/ports/peer-link.ts";
import type { LogShelf } from "../../reconciliation/log-opening.ts";
import type { RegionConnection } from "./connection.ts";
import { type NatsEventLog, openEventLog } from "./event-log.ts";
import { askMirrorHeads, heldHere } from "./mirror-heads.ts";
import { restoreStored, restoreTail } from "./restore-tail.ts";

export interface NatsShelfParts {
  readonly connection: RegionConnection;
  readonly link: PeerLink;
  /** Of the log's streams: 1, or 3 with three JetStream servers. */
  readonly replicas?: number;
}

export const natsShelf = ({ connection, link, replicas = 1 }: NatsShelfParts): LogShelf<NatsEventLog> => ({
  held: () => heldHere(connection, "OPS", connection.region),
  answers: (patienceMs) => askMirrorHeads(link, patienceMs),
  restoreFrom: (peer, epoch, upTo) => restoreTail({ connection, epoch, peer, upTo, replicas }),
  restore: (epoch, messages) => restoreStored({ connection, epoch, replicas }, messages),
  open: (epoch) => openEventLog({ connection, origin: connection.region, epoch, replicas }),
});
