/** A name server's door for those who watch it: `/healthz`, `/readyz[?verbose]`, `/metrics`. Clients of the mesh have no business here. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { openRegistry } from "../gateway/metrics.ts";
import type { ReadyLine } from "../gateway/parts.ts";
import { type DnsFacts, type SteeringFacts, showDns, showSteering } from "../gateway/steering-metrics.ts";
import { version } from "./version.ts";

export interface NameServerDoorOptions {
  readonly host: string;
  readonly port: number;
  /** Where it stands, for its metrics; it serves all regions alike. */
  readonly region: string | undefined;
  readonly steering: SteeringFacts;
  readonly dns: DnsFacts;
  readonly lines: () => readonly ReadyLine[];
}

/** The label `region` of a name server that stands in none. */
const NO_REGION = "none";

export async function openNameServerDoor(options: NameServerDoorOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { host, port, lines, region = NO_REGION } = options;
  const registry = openRegistry({ region, version: version() });
  showSteering(registry, options.steering);
  showDns(registry, options.dns);
  const server = createServer(async (request, answer) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://door");
    if (request.method !== "GET" && request.method !== "HEAD") return void answer.writeHead(405).end();
    if (pathname === "/healthz") return void answer.end("ok\n");
    if (pathname === "/readyz") {
      const all = lines();
      const isReady = all.every(({ ok }) => ok);
      const text = searchParams.has("verbose") ? all.map(({ name, ok, detail }) => `[${ok ? "+" : "-"}]${name} ${detail}\n`).join("") : "";
      return void answer.writeHead(isReady ? 200 : 503).end(`${text}${isReady ? "ready" : "not ready"}\n`);
    }
    if (pathname === "/metrics") return void answer.setHeader("content-type", registry.contentType).end(await registry.metrics());
    answer.writeHead(404).end();
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
