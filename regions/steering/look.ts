/**
 * One look at a region's `/readyz`, over the way that users come by, never over the links between regions: a region that is cut off from its
 * peers serves its users as well as ever (P1).
 */
import type { Look } from "../../geodns/health.ts";
import { askDoor } from "./ask.ts";

const BODY_CHARS = 4_096;
const MOST_CHARS = 1_048_576;

/** "[-]clock 900 ms ahead": a dependency that fails. "offered no: draining": well enough for those it has, but not to be offered to others; why is what follows. */
const FAILING = /^\[-\]\s*(.*)$|\boffered\W+no\b\W*(.*)$/;

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

/** The reason of a failed question, in the system's own word. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message : `no answer (${code})`;
}

export async function lookAt(url: string, timeoutMs: number): Promise<Look> {
  try {
    const { status, text } = await askDoor(new URL("/readyz?verbose", url), { timeoutMs, mostChars: MOST_CHARS });
    return readReady(status, text.slice(0, BODY_CHARS));
  } catch (error) {
    return { found: "down", why: reasonOf(error) };
  }
}
