/**
 * Who of a channel's members is there: read when the channel is followed, whole, and heard of from then on. A reading that fails says nothing, and is
 * tried again; what is heard while it is on its way is newer than what it brings.
 */
import type { Presence } from "../../core/objects.ts";
import type { Timer } from "../../core/ports/time.ts";
import { readPresence } from "./history.ts";
import type { ViewParts } from "./view-parts.ts";

export interface AttendanceParts {
  readonly view: Pick<ViewParts, "timers" | "on" | "read" | "present">;
  readonly channel: () => string;
  readonly members: () => readonly string[];
  readonly changed: () => void;
}

const AGAIN_MS = 2_000;
/** Refusals that pass. */
const PASSING: readonly (string | undefined)[] = ["unreachable", "unavailable", "too-many-requests"];

export class Attendance {
  readonly #parts: AttendanceParts;
  #again: Timer | undefined;
  #reading = 0;
  #closed = false;

  constructor(parts: AttendanceParts) {
    this.#parts = parts;
  }

  async read(): Promise<void> {
    const { view, channel } = this.#parts;
    this.#again?.cancel();
    this.#reading += 1;
    const mine = this.#reading;
    const newer = new Set<string>();
    const end = view.on("presence", (items) => {
      for (const { user } of items) newer.add(user);
    });
    const there = await readPresence(view, channel()).catch((thrown: unknown) => thrown as Error);
    end();
    if (this.#closed || mine !== this.#reading) return;
    if (!(there instanceof Error)) this.take(there, newer);
    else if (PASSING.includes((there as { readonly code?: string }).code))
      this.#again = view.timers.after(AGAIN_MS, () => void this.read());
  }

  /** A region's word of all who are there; of `newer` there is later news. */
  take(there: readonly Presence[], newer: ReadonlySet<string> = new Set()): void {
    const { view, members, changed } = this.#parts;
    const isOld = (user: string): boolean => !newer.has(user);
    view.present(
      members().filter(isOld),
      there.filter(({ user }) => isOld(user)),
    );
    changed();
  }

  close(): void {
    this.#closed = true;
    this.#again?.cancel();
  }
}
