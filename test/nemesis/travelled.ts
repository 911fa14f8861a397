/** What must hold of all that the client library told its people, when everything has been quiet for a while. */
import { isDeepStrictEqual } from "node:util";
import type { ShownMessage } from "../../gateway/client/connect.ts";
import { type MeshUnderTest, until } from "../e2e/atoll.ts";
import type { Person } from "../e2e/person.ts";
import type { Errand, Traveller } from "./traveller.ts";

export interface Travels {
  readonly mesh: MeshUnderTest;
  readonly travellers: readonly Traveller[];
  readonly channel: string;
  /** Ids of messages that were made or changed by what was asked more than once: two regions may both have taken it. */
  readonly twins: readonly string[];
  readonly withinMs: number;
  /** A law and what broke it. */
  readonly finds: (law: string, found: readonly string[]) => void;
}

/** What may be told of one command, from first to last. */
const COURSES = ["pending accepted", "pending accepted replicated", "pending refused"];

export async function travelled({ mesh, travellers, channel, twins, withinMs, finds }: Travels): Promise<void> {
  const each = (look: (one: Traveller) => readonly string[]): readonly string[] =>
    travellers.flatMap((one) => look(one).map((found) => `${one.user}: ${found}`));
  const holds = async (law: string, look: (one: Traveller) => readonly string[]): Promise<void> => {
    await until(law, () => each(look).length === 0, withinMs).catch(() => {});
    finds(law, each(look));
  };
  await holds("T3 never settled", ({ errands }) => ids(errands, ({ asked }) => asked.state.is === "pending"));
  await holds("accepted, and never known to be everywhere", ({ errands }) =>
    ids(errands, ({ asked, isLeft }) => !isLeft && asked.state.is === "accepted" && /^message\./.test(asked.command.kind)),
  );
  finds(
    "T3 not one course",
    each(({ errands }) =>
      [...errands.values()]
        .filter(({ states, answers }) => answers !== 1 || !COURSES.includes(states.join(" ")))
        .map(({ asked, states, answers }) => `${asked.id}: ${states.join(" ")}, ${answers} answers`),
    ),
  );
  finds(
    "refused though it was right",
    each(({ errands }) =>
      [...errands.values()].flatMap(({ asked: { id, command, state } }) =>
        "why" in state && !isRight(command.kind, state.why.code) ? [`${id}, ${command.kind}: ${state.why.message}`] : [],
      ),
    ),
  );
  finds(
    "the library complains",
    each(({ complaints }) => complaints),
  );
  finds(
    "a view went back",
    each(({ glances }) => glances.wrong()),
  );
  const reader = await mesh.person(travellers[0]?.user ?? "");
  for (const { view } of travellers) while (view.hasOlder) await view.older();
  const stands = await messagesIn(reader, mesh.regions()[0] ?? "", channel);
  await holds("a view is not what regions hold", ({ view, deaths }) =>
    // A view that was opened under faults may have read a region to which a change had come before its message (docs/client.md).
    deaths > 0 ? [] : differences(view.messages, stands, new Set(twins.map(identityOf))),
  );
  await holds("a view's people are not there, or not all", ({ view }) => {
    const online = view.presence.filter(({ status }) => status === "online").map(({ user }) => user);
    return travellers.flatMap(({ user }) => (online.includes(user) ? [] : [`${user} is not online`]));
  });
}

const ids = (errands: ReadonlyMap<string, Errand>, which: (errand: Errand) => boolean): readonly string[] =>
  [...errands.values()].filter(which).map(({ asked }) => `${asked.id} (${asked.command.kind})`);

/** What is on its way to a region is not found there, and what its author has deleted is gone for who has not heard of it yet. */
const isRight = (kind: string, code: string): boolean =>
  kind !== "message.send" && (code === "not-found" || (code === "gone" && !/^message\./.test(kind)));

type Held = Omit<ShownMessage, "key" | "state" | "changing" | "why">;

async function messagesIn(reader: Person, region: string, channel: string): Promise<readonly Held[]> {
  const all: Held[] = [];
  for (let before = ""; ; ) {
    const page = await reader.read(region, `/v1/channels/${channel}/messages?limit=500${before}`);
    all.unshift(...[...(page["items"] as readonly Held[])].reverse());
    if (page["next"] === null) return all;
    before = `&before=${encodeURIComponent(page["next"] as string)}`;
  }
}

/** Of a command that two regions have taken one event is told: until it is read again, its message may stand at the later one's time. */
const OF_THE_TWIN: ReadonlySet<string> = new Set(["id", "body", "createdAt", "editedAt", "heads", "conflict"]);
const FIELDS = ["id", "author", "body", "thread", "createdAt", "editedAt", "deleted", "reactions", "heads", "conflict"] as const;

function differences(shown: readonly ShownMessage[], stands: readonly Held[], twins: ReadonlySet<string>): readonly string[] {
  const held = new Map(stands.map((one) => [identityOf(one.id), one]));
  const known = new Map(shown.map((one) => [identityOf(one.id), one]));
  const order = [...known.keys()].filter((identity) => held.has(identity) && !twins.has(identity));
  const inOrder = [...held.keys()]
    .filter((identity) => known.has(identity) && !twins.has(identity))
    .every((identity, nth) => identity === order[nth]);
  return [
    ...shown.filter(({ id }) => !held.has(identityOf(id))).map(({ key, state }) => `${key} (${state}) is in no region`),
    ...stands.flatMap((one) => difference(known.get(identityOf(one.id)), one, twins.has(identityOf(one.id)))),
    ...(inOrder ? [] : ["the order is another"]),
  ];
}

function difference(message: ShownMessage | undefined, held: Held, isTwin: boolean): readonly string[] {
  if (message === undefined) return [`${held.id} is not shown`];
  return FIELDS.filter((field) => !(isTwin && OF_THE_TWIN.has(field)) && !isDeepStrictEqual(message[field], held[field])).map(
    (field) => `${held.id} (${message.state}) ${field}: ${JSON.stringify(message[field])}, held: ${JSON.stringify(held[field])}`,
  );
}

const identityOf = (id: string | undefined): string => id?.slice(-26) ?? "";
