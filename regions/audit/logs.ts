/** Audit logs of a running mesh, read from every region's gateway, page by page. */
import type { ChainHead } from "../../core/audit-chain.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { Anchor } from "../../reconciliation/audit-check.ts";
import { Stop } from "../cli/answer.ts";
import type { Gateway, Reached } from "../cli/reach.ts";
import { ask, noneAnswers } from "../cli/reach.ts";

const PAGE = 500;
const ANSWER_MS = 30_000;
/** Who hangs is not waited for as long as a page may take. */
const ALIVE_MS = 10_000;

/** A region that did not give its log, or not all of it. */
export class NotGiven extends Error {
  readonly region: string;
  /** It answered, and the answer is no. */
  readonly isAnswer: boolean;

  constructor(region: string, why: string, status: number | null) {
    super(why);
    this.region = region;
    this.isAnswer = status !== null && status < 500;
  }
}

/** Any other error is thrown again. */
export function lostWith(error: unknown): NotGiven {
  if (error instanceof NotGiven) return error;
  throw error;
}

export function nobodyGave(reached: Reached, lost: readonly NotGiven[]): Stop {
  const refused = lost.find(({ isAnswer }) => isAnswer);
  if (refused !== undefined) return new Stop(1, `${refused.region} did not give its audit log: ${refused.message}`);
  const tried = lost.map(({ region, message }) => `${region}: ${message}`);
  return noneAnswers(reached, tried);
}

async function read<T>({ token }: Reached, gateway: Gateway, path: string, withinMs: number): Promise<T> {
  const told = await ask<T>(gateway, path, token, withinMs);
  if (told.ok) return told.body;
  throw new NotGiven(gateway.name, told.why, told.status);
}

/** Every entry that the region had when it was asked, oldest first. Throws NotGiven. */
export async function* entriesOf(reached: Reached, gateway: Gateway, after = 0): AsyncGenerator<AuditEntry> {
  for (let next: string | null = String(after); next !== null; ) {
    const page: { items: readonly AuditEntry[]; next: string | null } = await read(
      reached,
      gateway,
      `/v1/audit/entries?limit=${PAGE}&after=${next}`,
      ANSWER_MS,
    );
    yield* page.items;
    next = page.items.length === 0 ? null : page.next;
  }
}

/** What a region has heard its peers say of their logs, and what its own is. Throws NotGiven. */
export async function headsOf(reached: Reached, gateway: Gateway): Promise<readonly Anchor[]> {
  const { heads } = await read<{ heads: Readonly<Record<string, ChainHead>> }>(reached, gateway, "/v1/audit/heads", ALIVE_MS);
  return Object.entries(heads).map(([of, head]): Anchor => ({ of, by: gateway.name, ...head }));
}
