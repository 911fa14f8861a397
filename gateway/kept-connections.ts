/**
 * Connections over which questions come one after the other (H10). `server.close()` ends those that are idle in that moment; one that is busy would
 * be kept, and whoever always has a question on its way would be served until the process ends. So what is answered by a gateway that leaves is the
 * last answer of its connection.
 */
import type { Server, ServerResponse } from "node:http";

export class KeptConnections {
  readonly #server: Server;
  readonly #open = new Set<ServerResponse>();
  #leaving = false;

  constructor(server: Server) {
    this.#server = server;
    server.on("request", (_, response) => this.#began(response));
  }

  /** Takes no new connections, and lets go of all as soon as they have their answer. */
  leave(): void {
    this.#leaving = true;
    this.#server.close();
    for (const response of this.#open) response.shouldKeepAlive = false;
    this.#server.closeIdleConnections();
  }

  #began(response: ServerResponse): void {
    this.#open.add(response);
    if (this.#leaving) response.shouldKeepAlive = false;
    response.once("close", () => {
      this.#open.delete(response);
      // Where the answer had begun before, its head could say nothing of it.
      if (this.#leaving) setImmediate(() => this.#server.closeIdleConnections());
    });
  }
}
