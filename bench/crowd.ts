/** Many sockets on one server (`crowd-server.ts`). After hello they only count what comes: a client that parsed would be most of what is measured. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { WebSocket } from "ws";
import { tokenOf } from "../gateway/gateway.test-model.ts";
import type { Ask, Facts, Said } from "./crowd-server.ts";

export interface Crowd {
  facts(): Promise<Facts>;
  join(sockets: number): Promise<void>;
  /** Resolves when every socket has been sent the whole burst. */
  burst(events: number): Promise<void>;
  end(): void;
}

/** Each frame of a burst ends so; the last bytes of a frame say which server sent it. */
const EVENT = Buffer.from('{"type":"event"');

export async function openCrowd(kind: "ours" | "plain"): Promise<Crowd> {
  const child = fork(join(import.meta.dirname, "crowd-server.ts"), [kind], { execArgv: ["--expose-gc", "--import", "tsx"] });
  const heard = (): Promise<Said> => new Promise((told) => child.once("message", (said) => told(said as Said)));
  const { port, channel } = (await heard()) as { readonly port: number; readonly channel: string };
  const counters: { events: number }[] = [];
  const ask = async (asked: Ask): Promise<Said> => {
    const said = heard();
    child.send(asked);
    return said;
  };
  let due = 0;
  let wake: (() => void) | undefined;
  const everybodyHas = (): boolean => counters.every(({ events }) => events >= due);
  const sockets: WebSocket[] = [];
  const one = async (): Promise<void> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/connect`, "atoll.v1", { perMessageDeflate: false });
    await new Promise((done, fail) => socket.once("open", done).once("error", fail));
    const settled = new Promise<void>((done) =>
      socket.on("message", (data) => {
        const text = String(data);
        if (kind === "plain" || text.startsWith('{"type":"caught-up"') || text.includes('"reply"')) done();
      }),
    );
    socket.send(JSON.stringify({ type: "hello", protocol: 1, token: await token }));
    if (kind === "ours") socket.send(JSON.stringify({ type: "subscribe", id: 1, channel }));
    await settled;
    socket.once("close", () => {
      if (child.connected) throw new Error("a socket of the crowd was closed");
    });
    sockets.push(socket);
    counters.push(counted(socket, () => (due > 0 && everybodyHas() ? wake?.() : undefined)));
  };
  const token = tokenOf("ana");
  return {
    facts: async () => (await ask({ ask: "facts" })) as Facts,
    join: async (count) => {
      for (let at = 0; at < count; at += 50) await Promise.all(Array.from({ length: Math.min(50, count - at) }, one));
    },
    burst: async (events) => {
      due += events;
      const all = new Promise<void>((done) => {
        wake = done;
      });
      await ask({ ask: "burst", events });
      if (!everybodyHas()) await all;
    },
    end: () => end(child, sockets),
  };
}

/** Counts event frames in the bytes beneath `ws`; a mark that is split between two chunks is found too. */
function counted(socket: WebSocket, came: () => void): { events: number } {
  const counter = { events: 0 };
  const beneath = (socket as unknown as { readonly _socket: NodeJS.ReadableStream })._socket;
  beneath.removeAllListeners("data");
  let rest: Buffer = Buffer.alloc(0);
  beneath.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = bytes.indexOf(EVENT); at !== -1; at = bytes.indexOf(EVENT, at + EVENT.length)) counter.events += 1;
    rest = bytes.subarray(Math.max(0, bytes.length - EVENT.length + 1));
    if (rest.includes(EVENT)) rest = Buffer.alloc(0);
    came();
  });
  return counter;
}

function end(child: ChildProcess, sockets: readonly WebSocket[]): void {
  child.disconnect();
  for (const socket of sockets) socket.terminate();
}
