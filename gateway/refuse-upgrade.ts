/** Answers a request for a socket that is not to be: over plain HTTP, in words. */
import type { Duplex } from "node:stream";

/** `status`: code and its name, "403 Forbidden". */
export function refuseUpgrade(socket: Duplex, status: string, why: string): void {
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(why)}\r\n\r\n${why}`,
  );
}
