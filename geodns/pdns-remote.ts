/**
 * The zone behind PowerDNS: its remote backend over a unix socket, one JSON document a line. PowerDNS signs, transfers and answers; which region
 * a client goes to is decided here. A steered answer always says a scope of at least one bit: none would be kept for everybody by both of
 * PowerDNS's caches and by resolvers (`edns-subnet-processing=yes` is needed, or no client's network arrives here at all).
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { wholeNumberIn } from "../core/decimal.ts";
import { addressBytes, masked } from "./address.ts";
import { type Client, clientAt, type Locate } from "./client.ts";
import { dataText } from "./wire/records.ts";
import type { Zone } from "./zone.ts";

export interface PdnsRemoteParts {
  readonly zone: Zone;
  readonly locate: Locate;
}
interface Call {
  readonly method?: unknown;
  readonly parameters?: Readonly<Record<string, unknown>>;
}
const LINE_BYTES = 65_536;
const DOMAIN_ID = 1;

/** "192.0.2.0/24": the client's network, or the resolver's own address with all bits. */
function clientOf(remote: unknown, locate: Locate): Client {
  const [text = "", bits] = String(remote ?? "").split("/");
  const address = addressBytes(text);
  return clientAt(address && masked(address, wholeNumberIn(bits ?? "") ?? address.length * 8), locate);
}

/** The answer to one call; `result: false` where there is none. */
function answerPdns({ zone, locate }: PdnsRemoteParts, { method, parameters = {} }: Call): { readonly result: unknown } {
  if (method === "initialize") return { result: true };
  if (method === "getAllDomainMetadata") return { result: {} };
  if (method === "getDomainMetadata") return { result: [] };
  const domain = { id: DOMAIN_ID, zone: `${zone.apex}.`, kind: "native", serial: 1, notified_serial: 1, masters: [] };
  if (method === "getAllDomains") return { result: [domain] };
  if (method === "getDomainInfo") return { result: String(parameters["name"]).toLowerCase() === `${zone.apex}.` ? domain : false };
  if (method !== "lookup") return { result: false };
  const name = String(parameters["qname"] ?? "");
  const found = zone.at(name.toLowerCase().replace(/\.$/, ""), clientOf(parameters["real-remote"] ?? parameters["remote"], locate));
  const type = String(parameters["qtype"] ?? "ANY");
  const rows = (found?.records ?? [])
    .filter(({ data }) => type === "ANY" || data.type === type || data.type === "CNAME")
    .map(({ ttl, data }) => ({
      qtype: data.type,
      qname: name,
      content: dataText(data),
      ttl,
      auth: 1,
      domain_id: DOMAIN_ID,
      ...(isSteered(zone, name) ? { scopeMask: Math.max(1, found!.scope) } : {}),
    }));
  return { result: rows.length === 0 ? false : rows };
}

const isSteered = ({ apex }: Zone, name: string): boolean => /^(_atoll\.)?gw\.(.*?)\.?$/i.exec(name)?.[2]?.toLowerCase() === apex;

export async function openPdnsRemote(parts: PdnsRemoteParts & { readonly path: string }): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    let waiting = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      waiting += text;
      for (let end = waiting.indexOf("\n"); end >= 0; end = waiting.indexOf("\n")) {
        const line = waiting.slice(0, end);
        waiting = waiting.slice(end + 1);
        if (line.trim() !== "") socket.write(`${JSON.stringify(answerLine(parts, line))}\n`);
      }
      if (waiting.length > LINE_BYTES) socket.destroy();
    });
  });
  server.listen(parts.path);
  await once(server, "listening");
  return {
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function answerLine(parts: PdnsRemoteParts, line: string): { readonly result: unknown } {
  try {
    return answerPdns(parts, JSON.parse(line) as Call);
  } catch {
    return { result: false };
  }
}
