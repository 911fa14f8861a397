/**
 * A server in a process of its own, so that its time and memory can be told from its clients': our gateway over a region in memory, or the
 * plainest `ws` server that sends the same text to everybody. Driven over IPC.
 */
import { WebSocketServer } from "ws";
import { openTestGateway } from "../gateway/gateway.test-model.ts";

export type Ask = { readonly ask: "burst"; readonly events: number } | { readonly ask: "facts" };
export interface Facts {
  /** CPU time used so far. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}
export type Said = { readonly port: number; readonly channel: string } | Facts | { readonly done: true };

/** The clients count bytes and answer no pings. */
const NEVER_MS = 2_000_000_000;
const BODY = "A message as long as most that people write to each other in a channel of their own, not more.";

interface Crowd {
  readonly port: number;
  readonly channel: string;
  send(nth: number): void;
}

async function ours(): Promise<Crowd> {
  const { gateway, region } = await openTestGateway({ limits: { connectionsPerUser: 100_000, pingMs: NEVER_MS } });
  const identity = region.channel("bench", { ana: "owner" });
  const send = (nth: number): void => {
    region.apply(identity, { kind: "message.sent", actor: "ana", data: { message: `msg_us_${nth}`, body: BODY, thread: null } });
    region.log.length = 0; // its history would be the fake's memory, not the gateway's
  };
  return { port: gateway.port, channel: region.shown(identity), send };
}

async function plain(): Promise<Crowd> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false, handleProtocols: () => "atoll.v1" });
  server.on("connection", (socket) => {
    socket.on("message", () => socket.send(JSON.stringify({ type: "welcome" })));
  });
  await new Promise((listens) => server.once("listening", listens));
  const send = (nth: number): void => {
    const event = { position: `us.1.${nth}.0`, stamp: "0199c3a4e2b1-0003-us", at: new Date().toISOString(), kind: "message.sent" };
    const data = { message: `msg_us_${nth}`, body: BODY, thread: null };
    const text = JSON.stringify({
      type: "event",
      event: { ...event, channel: "chn_us_abcdefghijklmnopqrstuvwxyz", actor: "ana", command: `c${nth}`, data },
      cursor: "x".repeat(40),
    });
    for (const client of server.clients) client.send(text);
  };
  return { port: (server.address() as { readonly port: number }).port, channel: "", send };
}

const crowd = await (process.argv[2] === "ours" ? ours() : plain());
const say = (said: Said): void => void process.send?.(said);
let nth = 0;
process.on("message", (asked: Ask) => {
  if (asked.ask === "burst") {
    for (let i = 0; i < asked.events; i += 1) crowd.send(nth++);
    say({ done: true });
    return;
  }
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  say({ cpuMs: (user + system) / 1000, rssBytes: rss, heapBytes: heapUsed + external });
});
process.once("disconnect", () => process.exit(0));
say({ port: crowd.port, channel: crowd.channel });
