/**
 * What docs/webhooks.md promises: every event that a webhook asks for comes at least once, from the region that accepted it, under one id, oldest
 * first, one request at a time, signed; none from before it was made, of kinds it did not ask for, or while it is off, halted or removed.
 */
import type { Event, Placed } from "../../../core/event.ts";
import { identityOf } from "../../../core/identity.ts";
import { identityIn } from "../../../core/ids.ts";
import { comparePoints, covers, parsePosition, parseVector } from "../../../core/position.ts";
import { compareStamps } from "../../../core/stamp.ts";
import { deliveryId, HOOKED_KINDS, signatureOf, webhookSecrets } from "../../../core/webhooks.ts";
import type { Mesh } from "../mesh.ts";
import type { Asked, Receivers } from "../receivers.ts";
import { shownBy } from "../receivers.ts";
import { SECRET } from "../running-region.ts";
import { Violation } from "../violation.ts";
import type { EndState } from "./end-state.ts";

type HookSet = Placed & { readonly event: Extract<Event, { readonly kind: "webhook.set" }> };
type HookEnd = Placed & { readonly event: Extract<Event, { readonly kind: "webhook.removed" }> };
const found = (why: string): Violation => new Violation("W", why);
const text = (asked: Asked): string =>
  `${asked.region} to ${asked.made} at ${asked.atMs.toFixed(0)} ms: ${asked.event.kind} ${asked.event.position}`;

/** Looks at each request as it is made: one at a time, never failed ones in their order, and nothing that its region knows to be unwanted. */
export function watchHooks(mesh: Mesh, receivers: Receivers, users: readonly string[], channel: () => string | undefined): void {
  const latest = new Map<string, Asked>();
  const failed = new Set<string>();
  const look = (asked: Asked): void => {
    const lane = `${asked.region} ${asked.life.bootMs} ${asked.made}`;
    const before = latest.get(`${lane} any`);
    if (before !== undefined && !before.heard) throw found(`two requests at a time: ${text(before)}, ${text(asked)}`);
    latest.set(`${lane} any`, asked);
    const one = `${asked.region} ${asked.made} ${asked.id}`;
    if (!failed.has(one)) {
      const former = latest.get(lane);
      if (former !== undefined && comparePositions(former.event.position, asked.event.position) > 0)
        throw found(`not oldest first: ${text(former)}, then ${text(asked)}`);
      latest.set(lane, asked);
    }
    if (!("status" in asked.outcome) || asked.outcome.status >= 300) failed.add(one);
    const running = mesh.machine(asked.region).running;
    const shown = running === undefined || channel() === undefined ? undefined : shownBy(running, users, channel() ?? "");
    if (shown === undefined) return;
    const hook = shown.items.find(({ url }) => url === asked.url);
    if (hook === undefined || !hook.enabled || hook.halted !== null)
      throw found(
        `${text(asked)}: its region knows that the webhook is ${hook === undefined ? "removed or elsewhere" : JSON.stringify(hook)}`,
      );
  };
  receivers.looks = (asked) => {
    try {
      look(asked);
    } catch (finding) {
      mesh.scheduler.fail(finding as Error); // thrown here it would be the region's
    }
  };
}

const comparePositions = (a: string, b: string): number => comparePoints(parsePosition(a)!, parsePosition(b)!);

/** Halted is the same everywhere at rest. */
export function haltsAgree(mesh: Mesh, users: readonly string[], channel: string): void {
  const told = mesh.machines.flatMap(({ region, running }) => {
    const shown = running === undefined ? undefined : shownBy(running, users, channel);
    return shown === undefined ? [] : [[region, JSON.stringify(shown.items)] as const];
  });
  for (const [region, items] of told)
    if (items !== told[0]?.[1])
      throw found(`webhooks are not the same everywhere: ${told[0]?.[0]} says ${told[0]?.[1]}, ${region} ${items}`);
}

/** Who writes a halt knows of none that stands: one of an older version may have won over the same halt said before, and then it is said again. */
function haltedOnce({ truth, distrusted }: EndState): void {
  const halts = truth.flatMap(({ event }) => (event.kind === "webhook.halted" ? [event] : []));
  const said = new Map(halts.map(({ stamp, data }) => [stamp, data.of]));
  for (const { stamp, data } of halts) {
    // What a wrong clock stamped does not stand, where another does.
    const [last] = [...data.replaces].sort((a, b) => Number(distrusted(a)) - Number(distrusted(b)) || compareStamps(b, a));
    if (last !== undefined && said.get(last) === data.of) throw found(`${stamp} halts what ${last} had halted, and says so`);
  }
}

interface HookLife {
  readonly webhook: string;
  readonly births: readonly HookSet[];
  readonly kinds: readonly string[];
  /** Never switched off, never removed. */
  readonly clean: boolean;
}

function livesOf(truth: readonly Placed[]): ReadonlyMap<string, HookLife> {
  const sets = truth.filter((placed): placed is HookSet => placed.event.kind === "webhook.set");
  const ends = truth.filter((placed): placed is HookEnd => placed.event.kind === "webhook.removed");
  const lives = new Map<string, HookLife>();
  for (const { event } of sets) {
    const { webhook } = event.data;
    if (identityOf("webhook", event.actor, event.command) !== webhook || lives.has(event.command)) continue;
    const own = sets.filter((one) => one.event.data.webhook === webhook);
    lives.set(event.command, {
      webhook,
      births: own.filter((one) => one.event.command === event.command),
      kinds: event.data.events ?? HOOKED_KINDS,
      clean: own.every((one) => one.event.data.enabled) && !ends.some((one) => one.event.data.webhook === webhook),
    });
  }
  return lives;
}

/** Every request against the logs, and every event against the requests. `resumed`: shown ids of webhooks that somebody could set once more. */
export function hooksKept(end: EndState, mesh: Mesh, receivers: Receivers, resumed: readonly string[]): void {
  haltedOnce(end);
  const lives = livesOf(end.truth);
  const byPosition = new Map(end.truth.map((placed) => [textOf(placed), placed]));
  const ids = new Map<string, string>();
  const taken = new Map<string, Set<string>>();
  const owing: ReadonlyMap<string, Owing> = new Map(
    mesh.machines.map(({ region, rebornMs }) => {
      const store = end.regions.find((one) => one.region === region);
      return [
        region,
        { rebornMs, voids: new Set([...(store?.registers.values() ?? [])].flatMap(({ resolution }) => resolution.void)) },
      ] as const;
    }),
  );
  for (const asked of receivers.asked) {
    const life = lives.get(asked.made);
    const placed = byPosition.get(asked.event.position);
    if (life === undefined || placed === undefined)
      throw found(`${text(asked)}: nobody made that ${life === undefined ? "webhook" : "event"}`);
    rightlySent(asked, life, placed, ids);
    if (owing.get(asked.region)?.voids.has(placed.event.stamp) === true) throw found(`${text(asked)}: it was made without right`);
    if ("status" in asked.outcome && asked.outcome.status < 300)
      taken.set(`${life.webhook} ${asked.id}`, (taken.get(`${life.webhook} ${asked.id}`) ?? new Set()).add(asked.region));
  }
  const isResumed = new Set(resumed.map((id) => identityIn("webhook", id)));
  for (const life of lives.values()) if (life.clean && isResumed.has(life.webhook)) allBrought(end, life, taken, owing);
}

const textOf = ({ position: { origin, epoch, sequence, place } }: Placed): string => `${origin}.${epoch}.${sequence}.${place}`;
/** What makes a receiver's event the same: its author's command, and what it is about. */
const wordsOf = ({ event }: Placed): string =>
  JSON.stringify([
    event.actor,
    event.command,
    event.kind,
    "user" in event.data && event.data.user,
    "message" in event.data && event.data.message,
  ]);

function rightlySent(asked: Asked, { webhook, births, kinds }: HookLife, placed: Placed, ids: Map<string, string>): void {
  const { event, position } = placed;
  if (position.origin !== asked.region) throw found(`${text(asked)}: another region accepted it`);
  if (event.channel !== births[0]?.event.channel || !kinds.includes(event.kind))
    throw found(`${text(asked)}: the webhook did not ask for it`);
  if (births.every(({ event: birth }) => birth.stamp >= event.stamp)) throw found(`${text(asked)}: from before the webhook was made`);
  for (const [key, value] of [
    [`${webhook} ${wordsOf(placed)}`, asked.id],
    [`${webhook} ${asked.id}`, wordsOf(placed)],
  ] as const) {
    if ((ids.get(key) ?? value) !== value) throw found(`${text(asked)}: under ${asked.id}, and another under ${ids.get(key)}`);
    ids.set(key, value);
  }
  const atS = Number(asked.headers["webhook-timestamp"]);
  const signatures = (asked.headers["webhook-signature"] ?? "").split(" ");
  const signs = (generation: number): boolean =>
    signatures.includes(signatureOf([webhookSecrets(SECRET)(webhook, generation)], { id: asked.id, atS, body: asked.body }));
  if (![1, 2, 3, 4].some(signs)) throw found(`${text(asked)}: signed by no secret of the webhook`);
}

interface Owing {
  /** Its store was lost: what it had accepted before this boot it may have brought, or not. */
  readonly rebornMs: number;
  /** Stamps of what it was found later to have accepted without right. */
  readonly voids: ReadonlySet<string>;
}

/** Of twins one is brought: by which region it is asked only where all of them had to bring it. */
function allBrought(end: EndState, life: HookLife, taken: ReadonlyMap<string, Set<string>>, owing: ReadonlyMap<string, Owing>): void {
  const owed = new Map<string, boolean>();
  for (const placed of end.truth) {
    const { event } = placed;
    if (event.channel !== life.births[0]?.event.channel || !life.kinds.includes(event.kind)) continue;
    const id = deliveryId(life.webhook, event);
    owed.set(id, (owed.get(id) ?? true) && isOwed(end, life, placed, owing.get(placed.position.origin)));
  }
  for (const [id, must] of owed)
    if (must && !taken.has(`${life.webhook} ${id}`)) {
      const lost = end.truth.find(({ event }) => event.channel !== null && deliveryId(life.webhook, event) === id);
      throw found(
        `never brought to ${life.births[0]?.event.command}: ${lost === undefined ? id : `${lost.event.kind} ${textOf(lost)} ${lost.event.stamp}`}`,
      );
    }
}

/** Its region knew of the webhook when it accepted the event, has not lost its store since, and the event is not one that nobody is told of. */
function isOwed(end: EndState, { births }: HookLife, placed: Placed, owing: Owing | undefined): boolean {
  const { event, position } = placed;
  const known = births.some(({ position: birth }) =>
    birth.origin === position.origin ? comparePoints(birth, position) < 0 : covers(parseVector(event.after) ?? {}, birth.origin, birth),
  );
  if (!known || births.some(({ event: birth }) => birth.stamp >= event.stamp)) return false;
  return owing !== undefined && end.writerBootMs(position) >= owing.rebornMs && !owing.voids.has(event.stamp);
}
