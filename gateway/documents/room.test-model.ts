/** One room without sockets, and who sits in it. */
import { Doc } from "yjs";
import type { CommandOf } from "../../core/command.ts";
import { AnswerBudget } from "./answer-budget.ts";
import { DocumentRoom } from "./room.ts";
import type { Seat } from "./seat.ts";
import { readPlaces } from "./whereabouts.ts";
import { readFrame } from "./wire.ts";

/** To be called when the test has ended. */
export const ends: (() => void)[] = [];

export const soon = () => new Promise<void>((later) => setImmediate(later));

/** A room over these changes; `landed` says when one of its own is durable. */
export function openRoom(changes: readonly Uint8Array[] = [], landed: () => Promise<void> = async () => {}) {
  const budget = new AnswerBudget();
  const log: CommandOf<"document.update">[] = [];
  const told: (Uint8Array | undefined)[] = [];
  let ids = 0;
  const room: DocumentRoom = new DocumentRoom({
    ...{ channel: "room", document: null },
    timers: {
      after: (_, run) => {
        const due = setImmediate(run);
        return { cancel: () => clearImmediate(due) };
      },
      every: () => ({ cancel: () => {} }),
      monotonicMs: () => 0,
    },
    budget,
    newId: () => `c${(ids += 1)}`,
    submit: async (_, command) => {
      await landed();
      log.push(command);
      room.hear(command.update);
    },
    changes: () => changes.map((change) => Buffer.from(change).toString("base64")),
    tell: (awareness) => void told.push(awareness),
    failed: () => {},
  });
  ends.push(() => room.close());
  const join = (user: string) => {
    const frames: Uint8Array[] = [];
    const seat: Seat = { actor: { user, roles: ["user"] }, send: (frame) => void frames.push(frame), close: () => {} };
    room.join(seat);
    /** Who this person sees in the document. */
    const seen = () => {
      const doc = new Doc();
      const shown = new Map<number, unknown>();
      for (const bytes of frames) {
        const frame = readFrame(bytes);
        if (frame.type === "awareness")
          for (const { client, state } of readPlaces(frame.update))
            state === "null" ? shown.delete(client) : shown.set(client, JSON.parse(state));
      }
      doc.destroy();
      return shown;
    };
    /** What it was given of the document on request. */
    const answers = (): Uint8Array[] => frames.filter((bytes) => bytes[0] === 0 && bytes[1] === 1);
    const asks = (): void => room.take(seat, { type: "ask", vector: new Uint8Array([0]) });
    return { seat, seen, frames, answers, asks, says: (update: Uint8Array) => room.take(seat, { type: "awareness", update }) };
  };
  const second = (): void => {
    budget.renew();
    room.tidy();
  };
  return { room, log, told, join, second };
}
