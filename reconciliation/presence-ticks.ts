/** Presence changes by the tick: what changes within one comes out together, to the peers as news and to listeners as who is shown otherwise now. */
import type { Presence } from "../core/objects.ts";
import type { Timers } from "../core/ports/time.ts";
import type { PresenceView } from "./presence-board.ts";

type Listener = (changed: readonly Presence[]) => void;

export interface TicksParts {
  readonly timers: Timers;
  /** Wall clock. */
  readonly nowMs: () => number;
  readonly view: PresenceView;
  /** Tells the peers what has changed here since the last time. */
  readonly tellNews: () => void;
}
export interface Ticks {
  /** Makes a change that these users may be shown otherwise by. */
  change<T>(users: Iterable<string>, run: () => T): T;
  onChange(listener: Listener): () => void;
}

export function openTicks({ timers, nowMs, view, tellNews }: TicksParts): Ticks {
  const listeners = new Set<Listener>();
  let ticking = false;
  function tick(): void {
    ticking = false;
    tellNews();
    const changed = view.takeChanged(nowMs());
    if (changed.length > 0) for (const listener of listeners) listener(changed);
  }
  return {
    change: (users, run) => {
      if (!ticking) timers.after(0, tick);
      ticking = true;
      return view.touching(users, run);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
