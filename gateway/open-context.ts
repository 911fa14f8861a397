/** Opens what all connections and calls of one gateway share. */
import type { Context } from "./context.ts";
import { FanOut } from "./fan-out.ts";
import { InFlight } from "./in-flight.ts";
import { MemberRoutes } from "./member-routes.ts";
import type { GatewayParts } from "./parts.ts";
import { DEFAULT_LIMITS } from "./parts.ts";
import { openRates } from "./rates.ts";
import { Routing } from "./routing.ts";
import { SyncNews } from "./sync-news.ts";
import { openTokens } from "./tokens.ts";
import { Typing } from "./typing.ts";

/** `syncNews`: what is told of how far the data is; it hears of events by the fan-out. */
export function openContext(parts: GatewayParts, draining: () => boolean): { readonly context: Context; readonly syncNews: SyncNews } {
  const { reader, metrics, timers, now, mesh } = parts;
  const routing = new Routing();
  const syncNews = new SyncNews(parts.sync, reader, routing);
  const fanOut = new FanOut({ reader, routing, metrics, now, mesh, happened: (channel, told) => syncNews.happened(channel, told) });
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const context: Context = {
    parts,
    limits,
    routing,
    members: membersOf(parts),
    fanOut,
    tokens: openTokens(parts.auth, now),
    rates: openRates(limits, timers, parts.rates),
    typing: new Typing(parts, routing),
    catchUp: { reader, timers, pageEvents: limits.catchUpPage, told: () => fanOut.told },
    lines: new Set(),
    inFlight: new InFlight(),
    draining,
  };
  return { context, syncNews };
}

const membersOf = ({ routes, routeSnapshots, metrics, log, timers }: GatewayParts): MemberRoutes | undefined =>
  routes && new MemberRoutes({ source: routes, snapshots: routeSnapshots, metrics, log, monotonicMs: () => timers.monotonicMs() });
