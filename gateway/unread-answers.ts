/**
 * Answers that nobody reads. A socket of chat that does not read is closed as slow; whoever asks by HTTP and never reads would keep the whole answer
 * in memory here for as long as they please. So a connection on which nothing of an answer moves for a while ends. Before there is an answer nothing
 * is asked of it: a proof may take minutes.
 */
import type { Server } from "node:http";

/** Our choice: nobody's network stands still for so long and goes on. */
const UNREAD_MS = 30_000;

export function endUnread(server: Server, afterMs: number = UNREAD_MS): void {
  // First of all: an answer may be said at once.
  server.prependListener("request", (_request, response) => {
    // From here on all is said; once it has left, Node counts by its own time for idle connections again.
    response.once("prefinish", () => response.socket?.setTimeout(afterMs));
  });
}
