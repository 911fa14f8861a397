/** Somebody who has a document open, over one socket. */
import type { Actor } from "../../core/command.ts";
import type { CloseName } from "../close-codes.ts";
import { asRefusal } from "../problem.ts";

export interface Seat {
  readonly actor: Actor;
  send(frame: Uint8Array): void;
  close(why: CloseName): void;
}

/** How a seat is closed that said something wrong. */
export const closeFor = (wrong: unknown): CloseName => (asRefusal(wrong, () => {}).code === "too-large" ? "tooLarge" : "badFrame");
