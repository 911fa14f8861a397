/** What whoever runs a process asks of it over HTTP, where it has no users: whether it lives, whether it is ready and why not, its numbers. */
import { createServer } from "node:http";
import type { Registry } from "prom-client";
import type { ReadyLine } from "../gateway/parts.ts";

export interface OpsDoorParts {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: () => readonly ReadyLine[];
}

export async function openOpsDoor({ host, port, registry, readiness }: OpsDoorParts): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (path === "/healthz") response.end("ok\n");
    else if (path === "/metrics")
      void registry.metrics().then((text) => response.setHeader("content-type", registry.contentType).end(text));
    else if (path === "/readyz") {
      const lines = readiness();
      const words = lines.map(({ name, ok, detail }) => `${ok ? "[+]" : "[-]"}${name} ${detail ?? ""}\n`);
      response.writeHead(lines.every(({ ok }) => ok) ? 200 : 503).end(words.join(""));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as { readonly port: number }).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
