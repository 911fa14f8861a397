/** Tracing a message: from its register where it was accepted, from beats who has applied it. */
import { birthOf } from "../core/commands/message-standing.ts";
import { Refusal } from "../core/errors.ts";
import { identityIn, readShownId, shownId } from "../core/ids.ts";
import type { Watermark } from "../core/objects.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { Holder, Tracer } from "../core/ports/tracer.ts";
import type { Position, Vector } from "../core/position.ts";
import { covers, parsePoint } from "../core/position.ts";
import { registerKey } from "../core/register.ts";
import { stampIso } from "../core/stamp.ts";
import type { Beat } from "./beat.ts";
import { memberChannel } from "./read/access.ts";
import { shownNames } from "./read/shown-names.ts";

export interface TracingParts {
  readonly region: string;
  /** They come and go. */
  readonly peers: () => readonly string[];
  readonly tables: TableReader;
  readonly applied: () => Vector;
  readonly nowMs: () => number;
  readonly watermark: (channel: string) => Watermark;
}
export interface Tracing extends Tracer {
  /** A peer's newest beat says what it has applied. */
  hear(beat: Beat): void;
}

export function openTracing({ region, peers, tables, applied, nowMs, watermark }: TracingParts): Tracing {
  const heard = new Map<string, { readonly applied: Beat["applied"]; readonly atMs: number }>();
  const names = shownNames(tables);

  function holders(position: Position): readonly Holder[] {
    const here: Holder = {
      region,
      state: covers(applied(), position.origin, position) ? "applied" : "not-yet",
      asOf: new Date(nowMs()).toISOString(),
    };
    return [here, ...peers().map((peer) => holderAt(peer, position))];
  }
  function holderAt(peer: string, { origin, ...point }: Position): Holder {
    const last = heard.get(peer);
    if (last === undefined) return { region: peer, state: "unknown", asOf: null };
    const there = parsePoint(last.applied[origin] ?? "");
    const has = there !== undefined && covers({ [origin]: there }, origin, point);
    return { region: peer, state: has ? "applied" : "not-yet", asOf: new Date(last.atMs).toISOString() };
  }
  /** Where the id says that it was accepted, and how far that region is complete here. */
  function notHere(channel: string, message: string): Refusal {
    const shown = readShownId(message);
    const origin = shown?.kind === "message" ? shown.tag : undefined;
    const upTo = origin === undefined ? undefined : watermark(channel).complete[origin];
    const hint =
      origin === undefined || upTo === undefined
        ? "The id is none that a region of this mesh gives."
        : `Its id says that it was accepted in ${origin}; ${upTo === null ? `nothing is complete from ${origin} yet` : `all that ${origin} accepted up to ${upTo} is here`}.`;
    return new Refusal("not-found", `There is no message ${message.slice(0, 80)} in this channel here.`, { hint });
  }

  return {
    hear: (beat) => void heard.set(beat.region, { applied: beat.applied, atMs: nowMs() }),
    trace: (actor, channel, message) => {
      const identity = memberChannel(tables, actor, channel);
      const found = identityIn("message", message);
      const birth = found === undefined ? undefined : birthOf(tables.get("registers", registerKey.body(identity, found)));
      if (found === undefined || birth === undefined) throw notHere(identity, message);
      return {
        message: shownId("message", found, birth.stamp),
        channel: names.channel(identity),
        identity,
        author: birth.author,
        at: stampIso(birth.stamp),
        position: birth.position,
        holders: holders(birth.position),
      };
    },
  };
}
