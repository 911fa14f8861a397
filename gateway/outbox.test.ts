import { expect, test } from "vitest";
import type { Timers } from "../core/ports/time.ts";
import { Flusher, Outbox } from "./outbox.ts";
import type { FrameSocket, WireFrame } from "./wire-frame.ts";
import { wireFrame } from "./wire-frame.ts";

class FakeSocket implements FrameSocket {
  readonly writes: Buffer[] = [];
  readonly takesBytes = true;
  waiting = 0;
  /** The kernel takes whatever is written. */
  takesAtOnce = false;
  #done: () => void = () => {};
  isOpen = (): boolean => true;
  waitingBytes = (): number => this.waiting;
  write(bytes: Buffer): void {
    this.writes.push(bytes);
    if (!this.takesAtOnce) this.waiting += bytes.length;
  }
  onDrain(run: () => void): void {
    this.#done = run;
  }
  send({ bytes }: WireFrame): void {
    this.write(bytes);
  }
  /** The client has read everything that was written. */
  read(): void {
    this.waiting = 0;
    this.#done();
  }
  close(): void {}
  terminate(): void {}
}

function setUp({ slowBytes = 1_000, slowMs = 5_000, queueBytes = 10_000, socketBytes = 500 } = {}) {
  let turns: (() => void)[] = [];
  let nowMs = 0;
  const turn = (): void => {
    const now = turns;
    turns = [];
    for (const run of now) run();
  };
  const flusher = new Flusher((run) => void turns.push(run));
  const timers = { monotonicMs: () => nowMs } as Timers;
  const open = () => {
    const socket = new FakeSocket();
    const state = { slow: 0 };
    const outbox: Outbox = new Outbox({
      socket,
      flusher,
      timers,
      limits: { slowBytes, slowMs, queueBytes, socketBytes },
      slow: () => {
        state.slow += 1;
        outbox.drop();
      },
    });
    return { socket, outbox, state };
  };
  return { open, turn, pass: (ms: number) => (nowMs += ms), idle: () => turns.length === 0 };
}
const shared = (text: string) => wireFrame(text, true);

test("M6: one write per connection and turn, however many frames; those with the same frames share one piece", () => {
  const { open, turn } = setUp();
  const all = Array.from({ length: 100 }, open);
  const frames = ["a", "b", "c"].map(shared);
  for (const frame of frames) for (const { outbox } of all) outbox.push(frame);
  turn();
  expect(all.map(({ socket }) => socket.writes.length)).toEqual(all.map(() => 1));
  expect(new Set(all.map(({ socket }) => socket.writes[0])).size).toBe(1);
});

test("what a socket takes at once goes out in one turn, however much it is: who reads is never called slow because the region is busy", () => {
  const { open, turn, idle } = setUp();
  const { socket, outbox, state } = open();
  socket.takesAtOnce = true;
  for (let i = 0; i < 80; i += 1) outbox.push(wireFrame("x".repeat(90)));
  turn();
  expect([socket.writes.reduce((sum, { length }) => sum + length, 0), outbox.waitingBytes(), idle()]).toEqual([80 * 92, 0, true]);
  expect(Math.max(...socket.writes.map(({ length }) => length))).toBeLessThan(700);
  expect(state.slow).toBe(0);
});

test("a frame of one's own is never given to another", () => {
  const { open, turn } = setUp();
  const [ana, ben] = [open(), open()];
  const common = shared("common");
  ana.outbox.push(common);
  ana.outbox.push(wireFrame("for ana"));
  ben.outbox.push(common);
  ben.outbox.push(shared("other"));
  turn();
  expect(String(ana.socket.writes[0])).toContain("for ana");
  expect(String(ben.socket.writes[0])).not.toContain("for ana");
});

test("order stands, across turns and full sockets", () => {
  const { open, turn, idle } = setUp();
  const { socket, outbox } = open();
  const texts = Array.from({ length: 50 }, (_, i) => `${i} ${"x".repeat(90)}`);
  for (const text of texts) outbox.push(wireFrame(text));
  turn();
  expect(socket.waiting).toBeLessThan(700);
  for (let i = 0; i < 50 && !(idle() && socket.waiting === 0); i += 1) {
    socket.read();
    turn();
  }
  expect(Buffer.concat(socket.writes)).toEqual(Buffer.concat(texts.map((text) => wireFrame(text).bytes)));
});

test("who has too much waiting for too long is slow; who reads in between is not", () => {
  const { open, turn, pass } = setUp();
  const [stuck, reads] = [open(), open()];
  for (const { outbox } of [stuck, reads]) for (let i = 0; i < 20; i += 1) outbox.push(wireFrame("x".repeat(90)));
  turn();
  for (const { outbox } of [stuck, reads]) outbox.check();
  pass(3_000);
  for (let i = 0; i < 4; i += 1) {
    reads.socket.read();
    turn();
  }
  for (const { outbox } of [stuck, reads]) outbox.check();
  pass(3_000);
  for (const { outbox } of [stuck, reads]) outbox.check();
  expect([stuck.state.slow, reads.state.slow]).toEqual([1, 0]);
});

test("who has read everything between two looks is not slow, though both found much waiting", () => {
  const { open, turn, pass } = setUp();
  const { socket, outbox, state } = open();
  const burst = (): void => {
    for (let i = 0; i < 20; i += 1) outbox.push(wireFrame("x".repeat(90)));
  };
  burst();
  outbox.check();
  for (let i = 0; i < 5; i += 1) {
    turn();
    socket.read();
  }
  expect(outbox.waitingBytes()).toBe(0);
  pass(6_000);
  burst();
  outbox.check();
  expect(state.slow).toBe(0);
});

test("the hard limit is no question of time", () => {
  const { open } = setUp();
  const { outbox, state } = open();
  for (let i = 0; i < 200; i += 1) outbox.push(wireFrame("x".repeat(90)));
  expect(state.slow).toBe(1);
  expect(outbox.waitingBytes()).toBe(0);
});

test("those who wait for room are served one after the other, and none is forgotten", () => {
  const { open, turn } = setUp();
  const { socket, outbox } = open();
  outbox.push(wireFrame("x".repeat(600)));
  turn();
  const served: string[] = [];
  for (const name of ["a", "b", "c"]) outbox.whenRoom(() => served.push(name));
  turn();
  expect(served).toEqual([]);
  socket.read();
  for (let i = 0; i < 5; i += 1) turn();
  expect(served).toEqual(["a", "b", "c"]);
});
