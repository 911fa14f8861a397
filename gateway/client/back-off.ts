/** Full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015): of clients that were thrown out together no two come back together. */
export interface BackOff {
  readonly baseMs: number;
  readonly mostMs: number;
}
export const RECONNECT: BackOff = { baseMs: 250, mostMs: 20_000 };
export const ASK_AGAIN: BackOff = { baseMs: 200, mostMs: 5_000 };
export const FOLLOW_AGAIN: BackOff = { baseMs: 2_000, mostMs: 60_000 };

/** `round` from 0; `chance` from 0 to below 1. */
export const pauseMs = ({ baseMs, mostMs }: BackOff, round: number, chance: number): number =>
  Math.round(chance * Math.min(mostMs, baseMs * 2 ** Math.min(round, 30)));
