/** One channel as regions tell of it: its messages, its events, its calls. */
import type { Message } from "../../core/objects.ts";
import { formatStamp } from "../../core/stamp.ts";

export const CHANNEL = `chn_us_${"a".repeat(26)}`;
export const idOf = (nth: number, region = "us"): string => `msg_${region}_${String(nth).padStart(26, "0")}`;
export const stampAt = (second: number, region = "us"): string => formatStamp(Date.UTC(2026, 0, 5, 9, 0, second), 0, region);
export const timeAt = (second: number): string => new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString();

export const message = (nth: number, more: Partial<Message> = {}): Message => ({
  ...{
    id: idOf(nth),
    channel: CHANNEL,
    author: "eve",
    body: `text ${nth}`,
    thread: null,
    createdAt: timeAt(nth),
    editedAt: null,
    deleted: false,
  },
  ...{ origin: "us", version: stampAt(nth), heads: [stampAt(nth)], reactions: {}, conflict: null },
  ...more,
});
let positions = 0;
/** How many events have been made. */
export const made = (): number => positions;
export const event = (kind: string, second: number, data: object, more: object = {}) => ({
  ...{
    position: `us.1.${++positions}.0`,
    stamp: stampAt(second),
    kind,
    channel: CHANNEL,
    actor: "eve",
    command: `e${second}`,
    at: timeAt(second),
    data: { replaces: [], ...data },
  },
  ...more,
});
/** What a region's doors answer of the channel; `read n`: the cursor of the nth reading. */
export const answers =
  (history: () => readonly Message[], reading: () => number) =>
  (_: string, url: string): readonly [number, unknown] => {
    const { pathname, searchParams } = new URL(url);
    if (pathname.endsWith("/messages")) {
      const before = searchParams.get("before");
      const items = [...history()]
        .reverse()
        .filter(({ id }) => before === null || id < before)
        .slice(0, Number(searchParams.get("limit")));
      return [
        200,
        {
          items,
          next: items.at(-1)?.id === history()[0]?.id ? null : items.at(-1)?.id,
          cursor: `read ${reading()}`,
          sync: { channel: CHANNEL, complete: { us: timeAt(9) }, replicatedTo: null },
        },
      ];
    }
    if (pathname.endsWith("/members"))
      return [
        200,
        {
          items: [
            { user: "ana", role: "owner" },
            { user: "eve", role: "member" },
          ],
          next: null,
        },
      ];
    if (pathname === "/v1/presence") return [200, { items: [{ user: "eve", status: "online", since: timeAt(0), regions: ["eu"] }] }];
    return [200, { id: CHANNEL, name: "Lobby", topic: null, policy: "lww", deletes: "final", createdAt: timeAt(0), version: stampAt(0) }];
  };
