/** What all connections and calls of one gateway share. */

import type { Actor, Command } from "../core/command.ts";
import type { Accepted } from "../core/ports/acceptor.ts";
import type { CatchUpParts } from "./catch-up.ts";
import type { FanOut } from "./fan-out.ts";
import type { InFlight } from "./in-flight.ts";
import type { Line } from "./line.ts";
import type { MemberRoutes } from "./member-routes.ts";
import type { GatewayLimits, GatewayParts } from "./parts.ts";
import { asRefusal } from "./problem.ts";
import type { Rates } from "./rates.ts";
import type { Routing } from "./routing.ts";
import type { Tokens } from "./tokens.ts";
import type { Typing } from "./typing.ts";

export interface Context {
  readonly parts: GatewayParts;
  readonly limits: GatewayLimits;
  readonly routing: Routing;
  /** Absent where the gateway was given nothing to build a table from. */
  readonly members: MemberRoutes | undefined;
  readonly fanOut: FanOut;
  readonly tokens: Tokens;
  readonly rates: Rates;
  readonly typing: Typing;
  readonly catchUp: CatchUpParts;
  /** Every open line, those before hello too. */
  readonly lines: Set<Line>;
  readonly inFlight: InFlight;
  readonly draining: () => boolean;
}

/** One command, by either door: counted, limited by user, timed. */
export async function submit({ parts, rates }: Context, actor: Actor, command: Command): Promise<Accepted> {
  const { acceptor, metrics, timers, log } = parts;
  const startedMs = timers.monotonicMs();
  let outcome = "ok";
  try {
    await rates.command(actor.user);
    const accepted = await acceptor.submit(actor, command);
    if (accepted.replayed) {
      outcome = "replayed";
      metrics.duplicates.inc({ source: "command" });
    }
    return accepted;
  } catch (thrown) {
    const refusal = asRefusal(thrown, (error) => log.error({ err: error, kind: command.kind }, "a command failed unexpectedly"));
    outcome = refusal.code;
    throw refusal;
  } finally {
    metrics.commands.inc({ kind: command.kind, outcome });
    metrics.commandSeconds.observe((timers.monotonicMs() - startedMs) / 1000);
  }
}
