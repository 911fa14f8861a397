/** Requests that are no HTTP, or whose head is longer than is read: no call comes of them, and yet who sent them is told as of any other error. */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { Refusal } from "../core/errors.ts";
import type { Timers } from "../core/ports/time.ts";
import { problemOf } from "./problem.ts";

const HEAD_TOO_LONG = "HPE_HEADER_OVERFLOW";
/** Who is too slow to be read is no reader either. */
const TOO_LATE = "ERR_HTTP_REQUEST_TIMEOUT";
/** Time for the answer to be read, though its reader goes on sending: who is cut off at once may lose what was said last. */
const LAST_WORDS_MS = 1_000;

export function answerBroken(server: Server, timers: Timers): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
    socket.end(error.code === TOO_LATE ? "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n" : answerOf(error.code));
    timers.after(LAST_WORDS_MS, () => socket.destroy());
  });
}

function answerOf(code: string | undefined): string {
  const refusal =
    code === HEAD_TOO_LONG
      ? new Refusal("too-large", "The head of this request is longer than is read here.")
      : new Refusal("invalid", "This is no request of HTTP/1.1.");
  const body = JSON.stringify(problemOf(refusal));
  const phrase = refusal.status === 413 ? "413 Payload Too Large" : "400 Bad Request";
  return `HTTP/1.1 ${phrase}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
