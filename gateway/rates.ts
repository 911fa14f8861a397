/**
 * How often one user may ask. Decided here, in memory and at once: never across regions, for a cut-off region must stay as quick as before (P1).
 * Where a region has several gateways, what was asked is added up behind the answers, and who asks too much of all of them together is refused
 * by each a moment later.
 */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Refusal } from "../core/errors.ts";
import type { RateAllowance, RateKind, RegionRates } from "../core/ports/region-rates.ts";
import type { Timers } from "../core/ports/time.ts";
import type { GatewayLimits } from "./parts.ts";

export interface Rates {
  /** Refusal too-many-requests when the user has sent too many commands. */
  command(user: string): Promise<void>;
  /** Likewise for questions. Those of one user wait for each other when they are many; resolves with what is told how long the answer is. */
  read(user: string): Promise<(chars: number) => void>;
  end(): void;
}

/** A burst of twice the rate is let through. */
const WINDOW_S = 2;
/** Our choice: a question with an answer of this length counts as one, a longer one as so many more. */
const CHARS_A_POINT = 16_384;
/** Our choice: whoever asks for the longest pages holds everybody else up by that many of them at most. */
const OPEN_READS = 32;
interface Reads {
  open: number;
  /** Called when it is their turn. */
  readonly waiting: (() => void)[];
}
/** What a user asks for in between is told to the region at once. */
const TELL_MS = 100;

export const allowanceOf = ({ commandsPerSecond, readsPerSecond }: GatewayLimits): RateAllowance => ({
  windowMs: WINDOW_S * 1_000,
  points: { command: commandsPerSecond * WINDOW_S, read: readsPerSecond * WINDOW_S },
});

export function openRates(limits: GatewayLimits, timers: Timers, region?: RegionRates): Rates {
  const { points } = allowanceOf(limits);
  const limiters: Readonly<Record<RateKind, RateLimiterMemory>> = {
    command: new RateLimiterMemory({ points: points.command, duration: WINDOW_S }),
    read: new RateLimiterMemory({ points: points.read, duration: WINDOW_S }),
  };
  const untold: Readonly<Record<RateKind, Map<string, number>>> = { command: new Map(), read: new Map() };
  const tell = (shared: RegionRates, kind: RateKind): void => {
    for (const [user, spent] of untold[kind])
      void shared.spend(kind, user, spent).then((refusedMs) => {
        if (refusedMs > 0) void limiters[kind].block(user, refusedMs / 1_000);
      });
    untold[kind].clear();
  };
  const telling =
    region &&
    timers.every(TELL_MS, () => {
      tell(region, "command");
      tell(region, "read");
    });
  const ask = async (kind: RateKind, user: string): Promise<void> => {
    if (region !== undefined) untold[kind].set(user, (untold[kind].get(user) ?? 0) + 1);
    await take(limiters[kind], user);
  };
  const reads = new Map<string, Reads>();
  const turnOf = async (user: string): Promise<void> => {
    const mine = reads.get(user) ?? { open: 0, waiting: [] };
    reads.set(user, mine);
    // More than they may ask at once would be refused at their turn; who reads no answer must not have the rest wait here without end.
    if (mine.waiting.length >= points.read) throw tooOften(1);
    if (mine.open >= OPEN_READS) await new Promise<void>((turn) => mine.waiting.push(turn));
    else mine.open += 1;
  };
  /** Their next question has its turn when everybody else had one. */
  const leave = (user: string): void =>
    void setImmediate(() => {
      const mine = reads.get(user);
      const next = mine?.waiting.shift();
      if (next !== undefined) next();
      else if (mine !== undefined && --mine.open === 0) reads.delete(user);
    });
  const answered = (user: string, chars: number): void => {
    leave(user);
    const more = Math.floor(chars / CHARS_A_POINT);
    if (more === 0) return;
    if (region !== undefined) untold.read.set(user, (untold.read.get(user) ?? 0) + more);
    void limiters.read.penalty(user, more);
  };
  const read = async (user: string): Promise<(chars: number) => void> => {
    await turnOf(user);
    try {
      await ask("read", user);
    } catch (refused) {
      leave(user);
      throw refused;
    }
    return (chars) => answered(user, chars);
  };
  return { command: (user) => ask("command", user), read, end: () => telling?.cancel() };
}

async function take(limiter: RateLimiterMemory, user: string): Promise<void> {
  try {
    await limiter.consume(user);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    throw tooOften(Math.max(1, Math.ceil(refused.msBeforeNext / 1000)));
  }
}

const tooOften = (retryAfterS: number): Refusal =>
  new Refusal("too-many-requests", "You ask more often than this region allows.", { retryAfterS });
