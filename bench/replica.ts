/**
 * What applying costs, by part, without any I/O: a loop that only parses, the pure join of each write into its register, and the replica with all
 * its rows. Once many messages, once one message that is edited again and again, once a member who leaves and comes back.
 */
import { performance } from "node:perf_hooks";
import { canonical } from "../core/canonical.ts";
import type { Command } from "../core/command.ts";
import type { Event, Placed } from "../core/event.ts";
import { sha256 } from "../core/hash.ts";
import { shownId } from "../core/ids.ts";
import type { Register } from "../core/register.ts";
import { applyWrite } from "../core/register-apply.ts";
import type { Judgement } from "../core/resolve.ts";
import { writesOf } from "../core/writes.ts";
import { OneRegion, openReplica } from "../test/replica/one-region.ts";
import { head, inTurns, msSince, sizeOf, tell } from "./measure.ts";

type Asking = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;
const SENDS = sizeOf(20_000, 4_000);
const EDITS = Math.floor(SENDS / 4);
const REJOINS = 60;

/** A region's log in which the commands were carried out, as text a message each. */
function logOf(
  commands: (ids: { readonly channel: string; readonly message: string }) => Iterable<readonly [user: string, asking: Asking]>,
): readonly string[] {
  let nowMs = Date.UTC(2026, 0, 5);
  const region = new OneRegion({ region: "us", nowMs: () => ++nowMs });
  let ids = 0;
  const ask = (user: string, asking: Asking): Event | undefined =>
    region.do({ user, roles: ["user"] }, { id: `c${++ids}`, ...asking } as Command)?.[0];
  const created = ask("ana", { kind: "channel.create", name: "one", members: [{ user: "bo", role: "member" }] });
  const channel = shownId("channel", created?.channel ?? "", created?.stamp ?? "");
  const sent = ask("ana", { kind: "message.send", channel, body: "the first" });
  const message = sent?.kind === "message.sent" ? shownId("message", sent.data.message, sent.stamp) : "";
  for (const [user, asking] of commands({ channel, message })) ask(user, asking);
  const messages: Event[][] = [];
  for (const { position, event } of region.log) (messages[position.sequence - 1] ??= []).push(event);
  return messages.map((events) => JSON.stringify(events));
}

function placedIn(texts: readonly string[], take: (placed: Placed) => void): number {
  const began = performance.now();
  let count = 0;
  for (const [at, text] of texts.entries())
    for (const [place, event] of (JSON.parse(text) as Event[]).entries()) {
      take({ position: { origin: "us", epoch: 1, sequence: at + 1, place }, event });
      count += 1;
    }
  return (count * 1_000) / msSince(began);
}

const parse = (texts: readonly string[]): number => placedIn(texts, () => {});
function join(texts: readonly string[]): number {
  const registers = new Map<string, Register>();
  const judgement: Judgement = { isDistrusted: () => false, standing: () => "ok" };
  return placedIn(texts, ({ event, position }) => {
    for (const write of writesOf(event, position, sha256(canonical(event))))
      registers.set(write.key, applyWrite(registers.get(write.key), write, judgement));
  });
}
function replicate(texts: readonly string[]): number {
  const { replica } = openReplica("eu");
  return placedIn(texts, (placed) => replica.apply(placed));
}

const LOGS: readonly (readonly [string, readonly string[]])[] = [
  [
    `${SENDS} sends`,
    logOf(function* ({ channel }) {
      for (let n = 0; n < SENDS; n += 1)
        yield [n % 2 === 0 ? "ana" : "bo", { kind: "message.send", channel, body: `message ${n} of many, as long as people write` }];
    }),
  ],
  [
    `${EDITS} edits of one message`,
    logOf(function* ({ channel, message }) {
      for (let n = 0; n < EDITS; n += 1)
        yield ["ana", { kind: "message.edit", channel, message, body: `edit ${n} of many, as long as people write` }];
    }),
  ],
  [
    `${REJOINS} times gone and come back, a message each`,
    logOf(function* ({ channel }) {
      for (let n = 0; n < REJOINS; n += 1) {
        yield ["bo", { kind: "message.send", channel, body: `message ${n}` }];
        yield ["bo", { kind: "member.remove", channel, user: "bo" }];
        yield ["ana", { kind: "member.set", channel, user: "bo", role: "member" }];
      }
    }),
  ],
];

head("applying: events a second, each beside a loop that only parses the same log");
for (const [name, texts] of LOGS) {
  const joined = await inTurns(
    async () => join(texts),
    async () => parse(texts),
  );
  const replicated = await inTurns(
    async () => replicate(texts),
    async () => parse(texts),
  );
  const shared = { unit: "events/s", holds: () => true, target: "told" } as const;
  tell([
    { name: `${name}: joined into registers`, ...shared, ...joined },
    { name: `${name}: replica with all rows`, ...shared, ...replicated },
  ]);
}
