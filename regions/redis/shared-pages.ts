/** Hot pages of history in Redis: a key a page, gone after a minute; asked only while Redis answers, and given up where it takes its time. */
import { createHash } from "node:crypto";
import type { SharedPages } from "../../core/ports/shared-pages.ts";
import type { Timers } from "../../core/ports/time.ts";
import type { RedisLink } from "./connection.ts";

const KEPT_MS = 60_000;
/** A store that is asked instead answers in a few milliseconds. */
const PATIENCE_MS = 50;
const LARGEST_CHARS = 1_000_000;

export function openRedisPages(link: RedisLink, timers: Timers): SharedPages {
  const keyOf = (name: string): string => `${link.prefix}page:${createHash("sha256").update(name).digest("base64url")}`;
  return {
    get: async (name) => {
      if (!link.usable()) return undefined;
      const found = link.run("page-get", () => link.client.get(keyOf(name))).catch(() => null);
      const late = new Promise<null>((done) => void timers.after(PATIENCE_MS, () => done(null)));
      return (await Promise.race([found, late])) ?? undefined;
    },
    put: (name, text) => {
      if (!link.usable() || text.length > LARGEST_CHARS) return;
      link.run("page-put", () => link.client.set(keyOf(name), text, "PX", KEPT_MS)).catch(() => {}); // it is read again
    },
  };
}
