/**
 * The one port of a region that has several gateway processes: connections are accepted here and handed over, one after the other, to whoever is
 * alive. What has been handed over lives and dies with the process that took it.
 */
import { createServer, type Server, type Socket } from "node:net";

export interface FrontDoor {
  open(): void;
  /** From here on connections are refused. Those that were handed over go on where they are. */
  close(): void;
}

/** `takers`: each takes a connection, or says that it cannot now. */
export function openFrontDoor(
  host: string,
  port: number,
  takers: readonly ((connection: Socket) => boolean)[],
  tell: (line: string) => void,
): FrontDoor {
  let server: Server | undefined;
  let turn = 0;
  const hand = (connection: Socket): void => {
    connection.on("error", () => connection.destroy());
    for (let tried = 0; tried < takers.length; tried += 1) {
      turn = (turn + 1) % takers.length;
      if (takers[turn]?.(connection) === true) return;
    }
    connection.destroy();
  };
  return {
    open: () => {
      if (server !== undefined) return;
      server = createServer({ pauseOnConnect: true }, hand);
      server.on("error", (error) => tell(`port ${port} cannot be listened on: ${error.message}`));
      server.listen(port, host);
    },
    close: () => {
      server?.close();
      server = undefined;
    },
  };
}
