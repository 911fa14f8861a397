/** How the command talks to a running supervisor: a unix socket for the owner only, one JSON line there, one back. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { Refused } from "./refused.ts";

export type Order =
  | { readonly order: "stop" }
  | { readonly order: "cut"; readonly regions: readonly string[]; readonly forMs?: number }
  | { readonly order: "heal"; readonly regions: readonly string[] }
  | { readonly order: "kill"; readonly region: string }
  | { readonly order: "start"; readonly region: string }
  | { readonly order: "add"; readonly region: string }
  | { readonly order: "remove"; readonly region: string; readonly force: boolean };

/** Nobody listens at the socket. */
export class NobodyListens extends Error {}

type Reply =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly message: string; readonly code: 1 | 2 | 3; readonly hint?: string | undefined };

/** The socket's own listeners deal with its errors; the interface repeats them. */
const linesOf = (socket: Socket): Interface => createInterface({ input: socket }).on("error", () => undefined);

export interface ControlServer {
  close(): Promise<void>;
}

export async function openControl(path: string, carryOut: (order: Order) => Promise<unknown>): Promise<ControlServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true }); // whoever listened there is gone: the roster has been asked before
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    linesOf(socket).on("line", (line) => {
      const answer = async (): Promise<Reply> => {
        try {
          return { ok: true, answer: await carryOut(JSON.parse(line) as Order) };
        } catch (error) {
          if (error instanceof Refused) return { ok: false, message: error.message, code: error.code, hint: error.hint };
          return { ok: false, message: error instanceof Error ? error.message : String(error), code: 1 };
        }
      };
      void answer().then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
    });
  };
  const server = createServer(serve);
  const mask = process.umask(0o077);
  try {
    await new Promise<void>((done, fail) => server.once("error", fail).listen(path, done));
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        // Whoever waits for an answer has been given it, or the supervisor is going: nobody may hold it up.
        for (const socket of sockets) socket.destroySoon();
      }),
  };
}

/** Gives an order and resolves with its answer. */
export function order(path: string, given: Order): Promise<unknown> {
  return new Promise((done, fail) => {
    const socket = createConnection(path);
    socket.once("error", (error: NodeJS.ErrnoException) => fail(new NobodyListens(error.code ?? error.message)));
    socket.once("connect", () => socket.write(`${JSON.stringify(given)}\n`));
    socket.once("close", () => fail(new NobodyListens("the mesh ended before it answered")));
    linesOf(socket).once("line", (line) => {
      const reply = JSON.parse(line) as Reply;
      if (reply.ok) done(reply.answer);
      else fail(new Refused(reply.code, reply.message, reply.hint));
      socket.destroy();
    });
  });
}
