/** `atoll regions drain|restore|override|overrides`: what operators order about regions; audited, and told to every gateway and name server. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { numberIn } from "../../core/decimal.ts";
import type { DrainProgress, Ordered } from "../../core/ports/steering.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define, Finish } from "./define.ts";
import { examples } from "./define.ts";
import { parseDuration } from "./duration.ts";
import { askFirst, type Reached, type ReachOptions, reach } from "./reach.ts";

const TIMEOUT_MS = 5_000;
const LOOK_MS = 250;

const send = async (reached: Reached, method: "PUT" | "POST", path: string, body: object): Promise<Ordered> =>
  (await askFirst<Ordered>(reached, path, TIMEOUT_MS, { method, body, key: randomUUID() })).body;

type CommandOf = Parameters<Define>[0];
const reaching = (command: CommandOf): CommandOf =>
  command.option("--url <url>", "ask this gateway instead of the local mesh").option("--token <token>", "an operator's token, with --url");

export function defineOrders(command: CommandOf, finish: Finish): void {
  defineDrain(command, finish);
  defineRestore(command, finish);
  defineOverrides(command, finish);
}

interface DrainOptions extends ReachOptions {
  readonly rate?: string;
  readonly within: string;
  readonly wait: boolean;
}

/** The order first: it holds whatever becomes of the waiting. */
async function drain({ options, args: [region = ""], io }: Asked<DrainOptions>) {
  const ratePerSecond = options.rate === undefined ? undefined : numberIn(options.rate);
  if (options.rate !== undefined && !(ratePerSecond! > 0)) throw new Stop(2, `--rate ${options.rate} is no number of sockets a second`);
  const withinMs = parseDuration(options.within);
  if (withinMs === undefined) throw new Stop(2, `--within ${options.within} is no duration`, "like 90s or 10m");
  const reached = await reach(options, "operator");
  const path = `/v1/regions/${encodeURIComponent(region)}/drain`;
  const ordered = await send(reached, "POST", path, ratePerSecond === undefined ? {} : { ratePerSecond });
  if (!options.wait)
    return {
      code: 0 as const,
      document: { ordered },
      text: `${region} is being drained; its sockets are asked to move\nback: atoll regions restore ${region}`,
    };
  const deadline = performance.now() + withinMs;
  let shown = "";
  for (;;) {
    const { body: progress } = await askFirst<DrainProgress>(reached, path, TIMEOUT_MS);
    const { move, connections, safeToStop } = progress;
    if (safeToStop)
      return {
        code: 0 as const,
        document: { ordered, progress },
        text: `${region} is drained: ${move?.moved ?? 0} sockets moved, none left; safe to stop\nback: atoll regions restore ${region}`,
      };
    const words =
      move === null
        ? `${region}: waiting for its gateway`
        : `${region}: ${move.moved} sockets moved, ${connections} left, ${move.ratePerSecond}/s`;
    if (io.isTerminal && words !== shown) io.err(`${words}\n`);
    shown = words;
    if (performance.now() > deadline)
      return {
        code: 1 as const,
        document: { ordered, progress },
        text: `${region} is drained, but not safe to stop after ${options.within}: ${connections === null ? "its gateway is not heard" : `${connections} sockets left`}, replicated up to ${progress.replicatedTo ?? "an unknown time"}`,
      };
    await pause(LOOK_MS);
  }
}

function defineDrain(command: CommandOf, finish: Finish): void {
  const one = reaching(
    command
      .command("drain")
      .argument("<region>", "the region that is to be left by its users")
      .description("Offer a region to nobody and move its open sockets; returns when it is safe to stop.")
      .option("--rate <number>", "sockets a second that are asked to move (default: all within a minute)")
      .option("--within <duration>", "how long to wait; the order stands all the same", "10m")
      .option("--no-wait", "give the order and return"),
  ).addHelpText("after", examples("atoll regions drain us", "atoll regions drain us --rate 200"));
  finish(one, (asked: Asked<DrainOptions>) => drain(asked));
}

function defineRestore(command: CommandOf, finish: Finish): void {
  const one = reaching(
    command
      .command("restore")
      .argument("<region>", "a drained region")
      .description("Offer a drained region again; its clients come back by a ramp."),
  ).addHelpText("after", examples("atoll regions restore us"));
  finish(one, async ({ options, args: [region = ""] }: Asked<ReachOptions>) => {
    const ordered = await send(await reach(options, "operator"), "POST", `/v1/regions/${encodeURIComponent(region)}/restore`, {});
    return {
      code: 0,
      document: { ordered },
      text: `${region} is offered again; its share grows from a tenth: atoll regions explain --ip …`,
    };
  });
}

function defineOverrides(command: CommandOf, finish: Finish): void {
  const one = reaching(
    command
      .command("override")
      .argument("<match>", "a network (198.51.100.0/24), an ASN (AS64500), a subdivision (US-CA) or a country (US)")
      .argument("[regions...]", "first to last")
      .description("Send a network, an ASN, a subdivision or a country to these regions first.")
      .option("--remove", "as everybody else again"),
  ).addHelpText("after", examples("atoll regions override 198.51.100.0/24 eu us", "atoll regions override US-CA --remove"));
  finish(one, async ({ options, args: [match = "", ...regions] }: Asked<ReachOptions & { readonly remove?: boolean }>) => {
    if ((options.remove === true) === regions.length > 0)
      throw new Stop(2, options.remove === true ? "--remove names no regions" : "no regions are named", "name regions, or --remove");
    const ordered = await send(await reach(options, "operator"), "PUT", "/v1/regions/overrides", { match, regions });
    const text =
      regions.length === 0 ? `${ordered.target} is sent as everybody else` : `${ordered.target} is sent to ${regions.join(", then ")}`;
    return { code: 0, document: { ordered }, text };
  });
  const all = reaching(command.command("overrides").description("Who is sent where by an operator's word."));
  finish(all, async ({ options }: Asked<ReachOptions>) => {
    const { body } = await askFirst<{ readonly items: readonly Ordered[] }>(await reach(options, "operator"), "/v1/regions/overrides");
    const lines = body.items.map(
      ({ target, regions = [], by, at }) => `${target.padEnd(20)} ${regions.join(", ").padEnd(20)} by ${by} at ${at}`,
    );
    return { code: 0, document: body, text: lines.length === 0 ? "nobody is sent anywhere by override" : lines.join("\n") };
  });
}
