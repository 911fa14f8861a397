/**
 * A client folds what it hears by the laws that regions fold by. Three whole regions, cut at random while people send, edit, delete and react; then one
 * client is given the events and records of a region in any order and with repeats, another reads the history, and both show what the regions show.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message } from "../../core/objects.ts";
import { ChannelFold } from "../../gateway/client/channel-fold.ts";
import type { ShownMessage } from "../../gateway/client/shown.ts";
import type { Name } from "./small-mesh.ts";
import { REGIONS, SmallMesh } from "./small-mesh.ts";

const PEOPLE = ["ana", "ben", "eve"] as const;
const ANA = { user: "ana", roles: ["user"] } as const;
const step = fc.record({
  what: fc.constantFrom("send", "edit", "edit", "edit", "delete", "react", "unreact", "cut", "heal", "settle"),
  where: fc.constantFrom<Name>(...REGIONS),
  who: fc.constantFrom(...PEOPLE),
  which: fc.nat(50),
});
interface Step {
  readonly what: "send" | "edit" | "delete" | "react" | "unreact" | "cut" | "heal" | "settle" | "again";
  readonly where: Name;
  readonly who: string;
  readonly which: number;
}
const story = fc.record({
  policy: fc.constantFrom("lww" as const, "merge" as const),
  deletes: fc.constantFrom("final" as const, "lww" as const),
  steps: fc.array(step, { minLength: 5, maxLength: 40 }),
  /** Sends that are tried in another region too. */
  again: fc.array(fc.record({ after: fc.nat(40), step }), { maxLength: 2 }),
  seed: fc.nat(),
});

/** What was refused, as an edit of what is deleted, has no event. */
async function live(mesh: SmallMesh, channel: string, steps: readonly Step[]): Promise<void> {
  const ids: string[] = [];
  const sends: { readonly body: string; readonly user: string; readonly id: string }[] = [];
  for (const [nth, { what, where, who, which }] of steps.entries()) {
    const message = ids[which % Math.max(1, ids.length)] ?? "";
    const at = (command: Parameters<SmallMesh["do"]>[2], user: string = who, id?: string) =>
      mesh.do(where, user, command, id).catch(() => undefined);
    if (what === "send") {
      const sent = { body: `${who} ${nth}`, user: who, id: `send-${nth}` };
      const accepted = await at({ kind: "message.send", channel, body: sent.body }, who, sent.id);
      sends.push(sent);
      ids.push(String((accepted?.result as { readonly id: string } | undefined)?.id));
    } else if (what === "again") {
      const sent = sends[which % Math.max(1, sends.length)];
      if (sent !== undefined) await at({ kind: "message.send", channel, body: sent.body }, sent.user, sent.id);
    } else if (what === "edit") await at({ kind: "message.edit", channel, message, body: `${who} edits ${nth}` });
    else if (what === "delete") await at({ kind: "message.delete", channel, message });
    else if (what === "react" || what === "unreact") {
      const kind = what === "react" ? "reaction.set" : "reaction.clear";
      await at({ kind, channel, message, emoji: which % 2 === 0 ? "👍" : "🎉" } as unknown as Parameters<SmallMesh["do"]>[2]);
    } else if (what === "cut") mesh.cut(where);
    else {
      if (what === "heal") mesh.heal();
      await mesh.settle();
    }
  }
  mesh.heal();
  await mesh.settle();
}

/** Every item once or twice, in an order that follows from the seed. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  let state = seed;
  const below = (most: number): number => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return (state >>> 8) % most;
  };
  const all = items.flatMap((item) => (below(3) === 0 ? [item, item] : [item]));
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = below(i + 1);
    [all[i], all[j]] = [all[j] as T, all[i] as T];
  }
  return all;
}

const facts = ({ id, author, body, thread, createdAt, editedAt, deleted, reactions, conflict, heads }: ShownMessage | Message) => ({
  ...{ identity: id?.slice(-26), author, body, thread, createdAt, editedAt, deleted, conflict },
  ...{ reactions: Object.fromEntries(Object.entries(reactions).sort()), heads: [...heads].sort() },
});

/** A region tells its clients one twin of a command that two had taken; the other may be the earlier one, which a client learns when it reads. */
const whateverTheTwin = (shown: readonly ReturnType<typeof facts>[]) =>
  shown.map(({ createdAt: _, heads: __, ...others }) => others).sort((a, b) => ((a.identity ?? "") < (b.identity ?? "") ? -1 : 1));

/** Another seed, or more runs, from outside. */
const SEED = Number(process.env["ATOLL_CLIENT_SEED"] ?? 1);
const RUNS = Number(process.env["ATOLL_CLIENT_RUNS"] ?? 40);

test(`S5: a client that hears a channel in any order, with repeats, shows what every region shows (${RUNS} meshes from seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ policy, deletes, steps: once, again, seed }) => {
      const steps: readonly Step[] = again.reduce(
        (all, { after, step }) => all.toSpliced(after, 0, { ...step, what: "again" }),
        once as Step[],
      );
      const mesh = await SmallMesh.open();
      const members = [
        { user: "ben", role: "moderator" },
        { user: "eve", role: "moderator" },
      ] as const;
      const channel = await mesh.id("us", "ana", { kind: "channel.create", name: "one", policy, deletes, members });
      await mesh.settle();
      await live(mesh, channel, steps);
      const alike = steps.some(({ what }) => what === "again") ? whateverTheTwin : (shown: readonly ReturnType<typeof facts>[]) => shown;
      for (const name of REGIONS) {
        const { items } = mesh.at(name).reader.messages(ANA, channel, { limit: 500 });
        const shown = [...items].reverse().map(facts);
        const told = mesh.told(name);
        const heard = told.filter(({ silent }) => !silent).map(({ wire }) => wire);
        // A record stays as it was told last: what it says then is of all that is here.
        const records = new Map(told.flatMap(({ conflicts }) => conflicts.map(({ conflict }) => [conflict.id, conflict] as const)));
        const fold = new ChannelFold(1_000, new Map());
        fold.deletes = deletes;
        for (const event of shuffled(heard, seed)) fold.hear(event);
        for (const conflict of shuffled([...records.values()], seed + 1)) fold.disputed(conflict);
        expect(alike(fold.shown("ana").map(facts))).toEqual(alike(shown));
        // Who was told no record at all asks for those of messages whose versions are apart, and of no others.
        const asking = new ChannelFold(1_000, new Map());
        asking.deletes = deletes;
        for (const event of shuffled(heard, seed + 4)) asking.hear(event);
        const wanted = new Set(asking.unexplained().map((id) => id.slice(-26)));
        for (const conflict of records.values()) if (wanted.has(conflict.register.message?.slice(-26) ?? "")) asking.disputed(conflict);
        expect(alike(asking.shown("ana").map(facts))).toEqual(alike(shown));
        const reader = new ChannelFold(1_000, new Map());
        reader.deletes = deletes;
        reader.read(items);
        expect(reader.shown("ana").map(facts)).toEqual(shown);
        // Who reads and then hears what it had read, late and out of order, shows the same.
        for (const event of shuffled(heard, seed + 2)) reader.hear(event);
        for (const conflict of shuffled([...records.values()], seed + 3)) reader.disputed(conflict);
        expect(alike(reader.shown("ana").map(facts))).toEqual(alike(shown));
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 900_000);
