/**
 * Atoll's client library: `connect({ regions, token })`. It hides the protocol (docs/protocol.md) and runs in browsers and in Node alike; docs/client.md
 * tells what it promises. This file is its whole public face.
 */
import { Client } from "./client.ts";
import { QUEUE_LIMITS } from "./command-queue.ts";
import { AtollError } from "./errors.ts";
import type { Outbox } from "./kept-commands.ts";
import { addressOf, RegionList } from "./region-list.ts";
import type { Surroundings } from "./surroundings.ts";
import { surroundingsFrom } from "./surroundings.ts";
import { Tokens } from "./tokens.ts";

export type { Asked, CommandState } from "./asked.ts";
export type { ChannelView, ViewHappenings, ViewOptions } from "./channel-view.ts";
export type { Client } from "./client.ts";
export type { Answers, AskedKind, Asking } from "./commands.ts";
export type { ConnectionState } from "./connection.ts";
export { AtollError, type AtollErrorCode } from "./errors.ts";
export type { Happenings } from "./happenings.ts";
export type { Outbox } from "./kept-commands.ts";
export type { ShownMessage } from "./shown.ts";

export interface ConnectOptions extends Partial<Surroundings> {
  /** Addresses of regions in the order in which to try them: "https://us.example.com", or with the region's name. */
  readonly regions?: readonly (string | { readonly name?: string; readonly url: string })[];
  /** One address instead, such as the steered name of the whole mesh. */
  readonly url?: string;
  /** Name of the region to begin with, by hand; it is among `regions`. */
  readonly region?: string;
  /** Gives a JWT. Called for every connection, and before the last token ends; it may give the same one for as long as that holds. */
  readonly token: () => Promise<string>;
  /** Where an earlier client ended (`client.cursor`): everything since is told first. Default: from now on. */
  readonly cursor?: string;
  /** What the program calls itself, for whoever runs the mesh. */
  readonly client?: string;
  /** Commands that may wait for an answer, offline too (default 1,000): one more is refused at once with `queue-full`. */
  readonly queue?: number;
  /** How many of them are out at the same time (default 64); 1 keeps an author's order whatever a region refuses meanwhile. */
  readonly inFlight?: number;
  /** After so long without an answer a command is given up, in milliseconds (default 24 hours). At most 30 days, for which regions know its id. */
  readonly patienceMs?: number;
  /** Keeps what nobody has answered over a reload or a crash: the next client of the same user sends it. Default: it is in memory alone. */
  readonly outbox?: Outbox;
}

const PATIENCE_MOST_MS = 30 * 24 * 3_600_000;

/** Begins to connect, and returns at once: what is asked for meanwhile waits. AtollError `options` or `no-websocket` for what cannot work. */
export function connect(options: ConnectOptions): Client {
  const { regions, url, region, token, cursor, client = "atoll client", queue, inFlight, patienceMs, outbox, ...surroundings } = options;
  const given = regions ?? (url === undefined ? [] : [url]);
  const limits = {
    queue: wholeFrom1("queue", queue ?? QUEUE_LIMITS.queue),
    inFlight: wholeFrom1("inFlight", inFlight ?? QUEUE_LIMITS.inFlight, QUEUE_LIMITS.inFlight),
    patienceMs: wholeFrom1("patienceMs", patienceMs ?? QUEUE_LIMITS.patienceMs, PATIENCE_MOST_MS),
  };
  if (typeof token !== "function")
    throw new AtollError("options", "`token` is not a function.", { hint: "Give one that resolves with a JWT: () => Promise<string>." });
  const world = surroundingsFrom(surroundings);
  return new Client({
    ...{ surroundings: world, limits, cursor, name: client, outbox },
    regions: new RegionList(given.map(addressOf), region),
    tokens: new Tokens(token, world.now),
  });
}

function wholeFrom1(name: string, value: number, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new AtollError("options", `\`${name}\` is ${value}.`, {
    hint: `A whole number from 1${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`} is needed.`,
  });
}
