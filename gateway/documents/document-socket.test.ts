import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import { LIMITS } from "../../core/limits.ts";
import { DEFAULT_LIMITS } from "../parts.ts";
import { DocumentSocket } from "./document-socket.ts";
import { askFrame, changeFrame, type DocumentFrame } from "./wire.ts";

function seated() {
  const codes: number[] = [];
  const raw = Object.assign(new EventEmitter(), {
    ...{ binaryType: "nodebuffer", readyState: 1, OPEN: 1, bufferedAmount: 0 },
    ...{ send: () => {}, ping: () => {}, terminate: () => {}, close: (code: number) => void codes.push(code) },
  });
  const socket = new DocumentSocket(raw as unknown as WebSocket, DEFAULT_LIMITS);
  const taken: DocumentFrame[] = [];
  socket.seated({ actor: { user: "ana", roles: ["user"] }, expiresAtMs: 1e15 }, (frame) => taken.push(frame));
  return { socket, codes, taken, say: (frame: Uint8Array) => raw.emit("message", Buffer.from(frame), true) };
}

test("whoever asks for the whole document again and again is sent away; who asks now and then, or types fast, is not", () => {
  const { socket, codes, taken, say } = seated();
  for (let second = 0; second < 5; second += 1) {
    for (let nth = 0; nth < LIMITS.documentAsksPerSecond; nth += 1)
      say(nth % 2 === 0 ? askFrame(new Uint8Array([0])) : new Uint8Array([3]));
    for (let nth = 0; nth < 500; nth += 1) say(changeFrame(new Uint8Array([0, 0])));
    socket.check(0);
  }
  expect([codes, taken.length]).toEqual([[], 5 * (LIMITS.documentAsksPerSecond + 500)]);
  for (let nth = 0; nth <= LIMITS.documentAsksPerSecond; nth += 1) say(askFrame(new Uint8Array([0])));
  expect([codes, taken.length]).toEqual([[4429], 5 * (LIMITS.documentAsksPerSecond + 500) + LIMITS.documentAsksPerSecond]);
});
