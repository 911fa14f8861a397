/** A channel's history and what it is, read over HTTP (contract §3). */
import type { Channel, Member, Message, Presence, Watermark } from "../../core/objects.ts";
import { query } from "./http.ts";

type Reading = { read<Answer>(path: string): Promise<Answer> };
interface Messages {
  /** Newest first. */
  readonly items: readonly Message[];
  readonly next: string | null;
  readonly sync: Watermark;
  /** Followed from it, nothing lies between. */
  readonly cursor: string;
}
export interface HistoryPage extends Messages {
  readonly channel: Channel;
  readonly members: readonly Member[];
  readonly presence: readonly Presence[];
}

const PAGE_MOST = 500;

/** The messages first: what else changes after their cursor is heard of. */
export async function readHistory(from: Reading, channel: string, limit: number): Promise<HistoryPage> {
  const path = `/v1/channels/${encodeURIComponent(channel)}`;
  const messages = await from.read<Messages>(`${path}/messages${query({ limit })}`);
  const [about, members, presence] = await Promise.all([
    from.read<Channel>(path),
    allPages<Member>(from, `${path}/members`),
    readPresence(from, channel),
  ]);
  return { ...messages, channel: about, members, presence };
}

export const readOlder = (from: Reading, channel: string, limit: number, before: string | undefined): Promise<Messages> =>
  from.read<Messages>(`/v1/channels/${encodeURIComponent(channel)}/messages${query({ limit, before })}`);

/** Who is there; who is not in it is offline. */
export const readPresence = async (from: Reading, channel: string): Promise<readonly Presence[]> =>
  (await from.read<{ readonly items: readonly Presence[] }>(`/v1/presence${query({ channel })}`)).items;

async function allPages<Item>(from: Reading, path: string): Promise<readonly Item[]> {
  const all: Item[] = [];
  let cursor: string | undefined;
  do {
    const page: { readonly items: readonly Item[]; readonly next?: string | null } = await from.read(
      `${path}${query({ limit: PAGE_MOST, cursor })}`,
    );
    all.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return all;
}
