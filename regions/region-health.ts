/**
 * Looks at every region's `/readyz`, as GeoDNS and the gateways' ranked lists need it. Asked over the way that users come by, never over the
 * links between regions: a region that is cut off from its peers serves its users as well as ever (P1).
 */
import type { Timer, Timers } from "../core/ports/time.ts";
import { type Look, seen, type Watched } from "../geodns/health.ts";
import type { GeoRegion, HealthView } from "../geodns/region.ts";

export interface RegionHealthOptions {
  readonly regions: readonly GeoRegion[];
  readonly timers: Timers;
  readonly everyMs?: number;
  readonly timeoutMs?: number;
  /** Called when a region's state became another. */
  readonly onState?: (region: string, now: Watched) => void;
}
export interface RegionHealthWatch {
  view(): HealthView;
  close(): void;
}

const EVERY_MS = 500;
const TIMEOUT_MS = 1_000;
const BODY_CHARS = 4_096;

/** "[-]clock 900 ms ahead": a dependency that fails. "offered no: draining": well enough for those it has, but not to be offered to others. */
const FAILING = /^\[-\]\s*(.*)$|\b(offered\W+no\b.*)$/;

/** A region's answer, one line a dependency. */
export function readReady(status: number, body: string): Look {
  const failing = body.split("\n").flatMap((line) => {
    const found = FAILING.exec(line.trim());
    return found ? [found[1] ?? found[2] ?? ""] : [];
  });
  for (const [found, word] of [
    ["draining", "drain"],
    ["clock", "clock"],
  ] as const) {
    const line = failing.find((text) => text.toLowerCase().includes(word));
    if (line !== undefined) return { found, why: line };
  }
  if (status === 200) return { found: "ready" };
  return { found: "unready", why: failing.length > 0 ? failing.join("; ").slice(0, 200) : `/readyz answers ${status}` };
}

/** The innermost reason of a failed fetch, in the system's own word. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const code = (error.cause as { readonly code?: string } | undefined)?.code;
  return code === undefined ? error.message : `no answer (${code})`;
}

async function look(url: string, timeoutMs: number): Promise<Look> {
  try {
    const answer = await fetch(new URL("/readyz?verbose", url), { signal: AbortSignal.timeout(timeoutMs), redirect: "manual" });
    return readReady(answer.status, (await answer.text()).slice(0, BODY_CHARS));
  } catch (error) {
    return { found: "down", why: reason(error) };
  }
}

export function openRegionHealth(options: RegionHealthOptions): RegionHealthWatch {
  const { regions, timers, everyMs = EVERY_MS, timeoutMs = TIMEOUT_MS, onState = () => {} } = options;
  const watched = new Map<string, Watched>();
  let closed = false;

  async function lookAt({ name, url }: GeoRegion): Promise<void> {
    const found = await look(url, timeoutMs);
    if (closed) return;
    const before = watched.get(name);
    const now = seen(before, found);
    watched.set(name, now);
    if (now.state !== before?.state) onState(name, now);
  }
  /** One look at a time at each region: a slow one is not asked over and over. */
  function follow(region: GeoRegion): Timer {
    let looking = false;
    const once = (): void => {
      if (looking) return;
      looking = true;
      void lookAt(region).finally(() => {
        looking = false;
      });
    };
    once();
    return timers.every(everyMs, once);
  }
  const followed = regions.map(follow);
  return {
    view: () => watched,
    close: () => {
      closed = true;
      for (const timer of followed) timer.cancel();
    },
  };
}
