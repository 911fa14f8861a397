/** `atoll webhooks`: what a channel's bots are told and whether they take it, for those who may set webhooks. */
import { randomUUID } from "node:crypto";
import { isPlainId } from "../../core/ids.ts";
import type { Webhook } from "../../core/objects.ts";
import type { Deliveries, Trial } from "../../core/ports/webhooks.ts";
import { type Answer, Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { ask, askFirst, noneAnswers, onlyRegion, type Reached, type ReachOptions, reachAll, type Sent } from "./reach.ts";
import { deliveriesLine, hookLine, type Said, trialLines } from "./webhooks-words.ts";

interface Options extends ReachOptions {
  readonly as?: string;
  readonly region?: string;
}
/** A test waits for its receiver for five seconds at most, and for three others before it. */
const TRIAL_MS = 25_000;
const ANSWER_MS = 5_000;

async function reached(options: Options): Promise<Reached> {
  if (options.url === undefined && options.as === undefined && options.token === undefined)
    throw new Stop(2, "webhooks belong to a channel's owners and moderators", "name one of them: --as USER");
  if (options.as !== undefined && !isPlainId(options.as)) throw new Stop(2, `--as ${options.as} is no user id`);
  return onlyRegion(await reachAll(options, "user", options.as), options.region);
}

const pathOf = ([channel = "", webhook]: readonly string[]): string => {
  const all = `/v1/channels/${encodeURIComponent(channel)}/webhooks`;
  return webhook === undefined ? all : `${all}/${encodeURIComponent(webhook)}`;
};

/** The same question to every region. Throws a Stop where none answers, or where the answer of all is no. */
async function everywhere<T extends object>(
  { gateways, token, ...rest }: Reached,
  path: string,
  withinMs: number,
  sent?: Sent,
): Promise<readonly Said<T>[]> {
  const told = await Promise.all(gateways.map(async (gateway) => ({ gateway, told: await ask<T>(gateway, path, token, withinMs, sent) })));
  if (told.every((one) => !one.told.ok)) {
    const no = told.find((one) => !one.told.ok && one.told.status !== null && one.told.status < 500);
    const tried = told.map((one) => `${one.gateway.name}: ${one.told.ok ? "" : one.told.why}`);
    if (no !== undefined && !no.told.ok) throw new Stop(1, `${no.gateway.name} answered ${no.told.why}`);
    throw noneAnswers({ gateways, token, ...rest }, tried);
  }
  return told.map(({ gateway, told: one }) => (one.ok ? { ...one.body, region: gateway.name } : { region: gateway.name, silent: one.why }));
}

async function list({ options, args }: Asked<Options>): Promise<Answer> {
  const { body } = await askFirst<{ readonly items: readonly Webhook[] }>(await reached(options), pathOf(args));
  return { code: 0, document: body, text: body.items.length === 0 ? "no webhooks" : body.items.map(hookLine).join("\n") };
}

/** A halted webhook, and a region that does not say how it fares, are no yes. */
async function show({ options, args }: Asked<Options>): Promise<Answer> {
  const from = await reached(options);
  const { body } = await askFirst<Webhook>(from, pathOf(args));
  const { secret: _, ...webhook } = body; // it is not for a terminal's history
  const regions = await everywhere<Deliveries>(from, `${pathOf(args)}/deliveries`, ANSWER_MS);
  const well = webhook.halted === null && regions.every((one) => !("silent" in one));
  return { code: well ? 0 : 1, document: { webhook, regions }, text: [hookLine(body), ...regions.map(deliveriesLine)].join("\n") };
}

async function test({ options, args }: Asked<Options>): Promise<Answer> {
  const sent = { method: "POST", body: {}, key: randomUUID() } as const;
  const regions = await everywhere<Trial>(await reached(options), `${pathOf(args)}/test`, TRIAL_MS, sent);
  const well = regions.every((one) => "outcome" in one && one.outcome === "delivered");
  const verdict = well ? "every region asked reaches it, and it answers well:" : "not delivered from everywhere:";
  return { code: well ? 0 : 1, document: { delivered: well, regions }, text: [verdict, ...regions.map(trialLines)].join("\n") };
}

async function resume({ options, args }: Asked<Options>): Promise<Answer> {
  const sent = { method: "PATCH", body: { enabled: true }, key: randomUUID() } as const;
  const { gateway, body } = await askFirst<Webhook>(await reached(options), pathOf(args), ANSWER_MS, sent);
  const { secret: _, ...webhook } = body;
  const text = `${hookLine(body)}\nresumed in ${gateway.name}; every region brings what waits there as soon as it hears of it\nnext: atoll webhooks show`;
  return { code: 0, document: { webhook }, text };
}

export const define: Define = (command, finish) => {
  command.addHelpText(
    "after",
    `${examples(
      "atoll webhooks list lobby --as ana",
      "atoll webhooks show lobby whk_us_… --as ana",
      "atoll webhooks test lobby whk_us_… --as ana            # from every region",
      "atoll webhooks resume lobby whk_us_… --as ana",
      "atoll webhooks test lobby whk_us_… --url https://gw.example.com --token …",
    )}\n\nFor a channel's owners and moderators.`,
  );
  const of = (name: string, about: string, one: boolean): typeof command => {
    const made = command.command(name).description(about).argument("<channel>", "its id or alias");
    if (one) made.argument("<webhook>", "its id: whk_…");
    return made
      .option("--as <user>", "who asks in the local mesh: an owner or moderator of the channel")
      .option("--region <region>", "only this region (default: all, or the first that answers)")
      .option("--url <url>", "ask this gateway, and the regions that it names, instead of the local mesh")
      .option("--token <token>", "an owner's or moderator's token, with --url");
  };
  finish(of("list", "A channel's webhooks.", false), list);
  finish(
    of("show", "One webhook, and how each region's deliveries to it go.", true).addHelpText(
      "after",
      "\nExit 1: it is halted, or a region does not say.",
    ),
    show,
  );
  finish(
    of("test", "Send a signed test delivery from every region, now; says what the receiver answered and what mends it.", true).addHelpText(
      "after",
      "\nNothing is queued, tried again or counted; a webhook that is off or halted can be tested too. Exit 1: one was not taken.",
    ),
    test,
  );
  finish(of("resume", "Go on with a webhook that was halted or off, with all that waits for it.", true), resume);
};
