/** Audit logs of a running mesh, read from every region's gateway, page by page. */
import type { ChainHead } from "../../core/audit-chain.ts";
import type { AuditEntry } from "../../core/objects.ts";
import type { Anchor } from "../../reconciliation/audit-check.ts";
import { Stop } from "../cli/answer.ts";
import type { Gateway, Reached } from "../cli/reach.ts";
import { ask } from "../cli/reach.ts";

const PAGE = 500;
const ANSWER_MS = 30_000;

async function read<T>({ token }: Reached, gateway: Gateway, path: string): Promise<T> {
  const told = await ask<T>(gateway, path, token, ANSWER_MS);
  if (told.ok) return told.body;
  throw new Stop(told.status === null || told.status >= 500 ? 3 : 1, `${gateway.name} did not give its audit log: ${told.why}`);
}

/** Every entry that the region had when it was asked, oldest first. */
export async function* entriesOf(reached: Reached, gateway: Gateway, after = 0): AsyncGenerator<AuditEntry> {
  for (let next: string | null = String(after); next !== null; ) {
    const page: { items: readonly AuditEntry[]; next: string | null } = await read(
      reached,
      gateway,
      `/v1/audit/entries?limit=${PAGE}&after=${next}`,
    );
    yield* page.items;
    next = page.items.length === 0 ? null : page.next;
  }
}

/** What each region has heard its peers say of their logs, and what its own is. Read before the logs: they only grow. */
export async function headsOf(reached: Reached): Promise<readonly Anchor[]> {
  const anchors = reached.gateways.map(async (gateway) => {
    const { heads } = await read<{ heads: Readonly<Record<string, ChainHead>> }>(reached, gateway, "/v1/audit/heads");
    return Object.entries(heads).map(([of, head]): Anchor => ({ of, by: gateway.name, ...head }));
  });
  return (await Promise.all(anchors)).flat();
}
