/** Where gateway processes of this region bring their lines. They know each other by the region's key, and by the trunk's protocol. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Log } from "../parts.ts";
import { refuseUpgrade } from "../refuse-upgrade.ts";
import type { TrunkParts } from "./trunk.ts";
import { Trunk } from "./trunk.ts";
import { isKey, KEY_HEADER, TRUNK_MESSAGE_BYTES, TRUNK_PATH, TRUNK_PROTOCOL } from "./words.ts";

export interface TrunkDoorParts extends Omit<TrunkParts, "socket" | "name" | "ended"> {
  readonly key: string;
  /** So many gateway processes are connected now. */
  readonly changed: (gateways: number) => void;
}
export interface TrunkDoor {
  /** Takes the upgrade of a request to the trunk's path; false: it is for somebody else. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  readonly trunks: ReadonlySet<Trunk>;
  close(): void;
}

const NAME = /^[\w.-]{1,64}$/;

export function openTrunkDoor({ key, changed, ...parts }: TrunkDoorParts): TrunkDoor {
  const { log } = parts;
  const trunks = new Set<Trunk>();
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: TRUNK_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => TRUNK_PROTOCOL,
  });
  return {
    upgrade: (request, socket, head) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://region");
      if (pathname !== TRUNK_PATH) return false;
      const why = refusedBecause(request, key);
      if (why !== undefined) {
        refuse(socket, why, log);
        return true;
      }
      const given = searchParams.get("name") ?? "";
      server.handleUpgrade(request, socket, head, (opened) => {
        const trunk: Trunk = new Trunk({
          ...parts,
          socket: opened,
          name: NAME.test(given) ? given : "a gateway",
          ended: () => {
            trunks.delete(trunk);
            changed(trunks.size);
            log.info({ event: "trunk.ended", gateway: trunk.name }, "a gateway process has left");
          },
        });
        trunks.add(trunk);
        changed(trunks.size);
        log.info({ event: "trunk.began", gateway: trunk.name }, "a gateway process brings its lines");
      });
      return true;
    },
    trunks,
    close: () => {
      for (const trunk of trunks) trunk.close();
      server.close();
    },
  };
}

function refusedBecause({ headers }: IncomingMessage, key: string): string | undefined {
  const given = headers[KEY_HEADER];
  if (!isKey(typeof given === "string" ? given : undefined, key))
    return "its key is not this region's: ATOLL_MESH_SECRET and ATOLL_REGION must be the same";
  const spoken = headers["sec-websocket-protocol"]?.split(",").map((one) => one.trim()) ?? [];
  return spoken.includes(TRUNK_PROTOCOL) ? undefined : `it speaks ${spoken.join() || "nothing"}, and ${TRUNK_PROTOCOL} is spoken here`;
}

function refuse(socket: Duplex, why: string, log: Log): void {
  log.warn({ event: "trunk.refused" }, `a gateway process was refused: ${why}`);
  refuseUpgrade(socket, "403 Forbidden", why);
}
