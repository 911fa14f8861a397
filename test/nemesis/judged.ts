/** What must hold when everything has been quiet for a while: asked of every region from outside, as clients, auditors and operators ask. */
import { isDeepStrictEqual } from "node:util";
import { type MeshUnderTest, until } from "../e2e/atoll.ts";
import type { Person } from "../e2e/person.ts";
import type { Traffic } from "../e2e/traffic.ts";
import type { Ledger } from "./told.ts";
import { travelled } from "./travelled.ts";
import type { Traveller } from "./traveller.ts";
import type { Wanderer } from "./wanderer.ts";

export interface Verdict {
  readonly acked: number;
  /** Answered "not found" to the end: an edit in a region that its message had not reached, and nothing else where no store was lost. */
  readonly notHere: number;
  readonly conflicts: number;
  readonly moves: number;
  /** Commands that the client library brought to a region, and of them those it had to send more than once. */
  readonly travelled: { readonly accepted: number; readonly retried: number; readonly refused: number; readonly deaths: number };
  /** The slowest answer to a writer, retries included, ms. */
  readonly slowestMs: number;
  readonly digest: string | null;
  /** From the end of the faults until every region was live and equal. */
  readonly settledMs: number;
  /** "law: what broke it". */
  readonly broken: readonly string[];
}
export interface Judging {
  readonly mesh: MeshUnderTest;
  readonly traffic: Traffic;
  /** They read along over sockets of their own. */
  readonly wanderers: readonly Wanderer[];
  /** They use the client library. */
  readonly travellers: readonly Traveller[];
  /** Commands from before the others came. */
  readonly before: ReadonlySet<string>;
  /** Whose audit logs begin anew. */
  readonly forgetful: ReadonlySet<string>;
  readonly said: (line: string) => void;
}

const SETTLED_MS = 120_000;
const TOLD_MS = 60_000;
const SHOWN = 5;

export async function judged(judging: Judging): Promise<Verdict> {
  const { mesh, traffic, wanderers, travellers, before, forgetful, said } = judging;
  const broken: string[] = [];
  const finds = (law: string, found: readonly string[]): void => {
    if (found.length > 0) broken.push(`${law}: ${found.length}: ${found.slice(0, SHOWN).join("; ")}`);
  };
  const began = performance.now();
  const { digest } = await mesh.settled(SETTLED_MS);
  const settledMs = performance.now() - began;
  said(`settled after ${Math.round(settledMs)} ms`);

  finds("refused though it was right", traffic.refused());
  finds("nothing was tried", traffic.acked() > before.size ? [] : ["no command was accepted under faults"]);
  const retried = new Set([...traffic.retried(), ...travellers.flatMap((one) => one.retried())]);
  const twins = [...wanderers, ...travellers].flatMap(({ ledger }) => ledger.touchedBy(retried));
  await travelled({ mesh, travellers, channel: traffic.channel, twins, withinMs: TOLD_MS, finds });

  const brought = travellers.flatMap((one) => one.accepted());
  const { acked, lost, duplicated, resurrected } = await traffic.account(brought);
  finds("C1 lost", lost);
  finds("C2 twice in a region's log", duplicated);
  finds("C10 seen though deleted", resurrected);

  const wanted = [...[...traffic.commands()].filter((command) => !before.has(command)), ...brought];
  const readers = [...wanderers.map((one) => ({ one, twins: retried })), ...travellers.map((one) => ({ one, twins: new Set<string>() }))];
  const ofEach = (look: (ledger: Ledger, twins: ReadonlySet<string>) => readonly string[]): readonly string[] =>
    readers.flatMap(({ one, twins }) => look(one.ledger, twins).map((found) => `${one.user}: ${found}`));
  const missing = (): readonly string[] =>
    [...wanderers.map((one) => ({ one, owed: wanted })), ...travellers.map((one) => ({ one, owed: one.owed(wanted) }))].flatMap(
      ({ one, owed }) => one.ledger.missing(owed).map((command) => `${one.user}: ${command}`),
    );
  await until("everybody was told everything", () => missing().length === 0, TOLD_MS).catch(() => finds("L4 never told", missing()));
  finds(
    "L4 told twice",
    ofEach((ledger, twins) => ledger.twice(twins)),
  );
  finds(
    "L5 out of order",
    ofEach((ledger) => ledger.disorder(retried)),
  );

  const auditor = await mesh.person("auditor", "auditor");
  const [first = [], ...others] = await Promise.all(mesh.regions().map((region) => conflictsIn(auditor, region, traffic.channel)));
  finds(
    "A2 conflicts differ",
    others.flatMap((other, i) => (isDeepStrictEqual(other, first) ? [] : [`${mesh.regions()[i + 1]}`])),
  );
  finds("A1 audit chains", await chainsBroken(mesh, forgetful));
  await presenceIsExact(judging).catch((late: Error) => finds("P4 presence", [late.message]));
  return {
    ...{ acked, notHere: traffic.notHere(), conflicts: first.length, slowestMs: traffic.slowestMs(), digest, settledMs, broken },
    moves: [...wanderers, ...travellers].reduce((sum, one) => sum + one.moves, 0),
    travelled: {
      accepted: brought.length,
      retried: travellers.flatMap((one) => one.retried()).length,
      refused: travellers.flatMap(({ errands }) => [...errands.values()].filter(({ asked }) => asked.state.is === "refused")).length,
      deaths: travellers.reduce((sum, one) => sum + one.deaths, 0),
    },
  };
}

async function conflictsIn(auditor: Person, region: string, channel: string): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for (let cursor = ""; ; ) {
    const page = await auditor.read(region, `/v1/conflicts?channel=${channel}&limit=500${cursor}`);
    all.push(...(page["items"] as readonly unknown[]));
    if (page["next"] === null) return all;
    cursor = `&cursor=${encodeURIComponent(page["next"] as string)}`;
  }
}

/** What a peer has seen of a log that was lost stands in that peer's chain; nothing else may be wrong with any. */
async function chainsBroken(mesh: MeshUnderTest, forgetful: ReadonlySet<string>): Promise<readonly string[]> {
  const { code, stdout, stderr } = await mesh.run("audit", "verify");
  if (code === 0) return [];
  if (stdout === "") return [stderr];
  const { broken } = JSON.parse(stdout) as { readonly broken: readonly { readonly region: string; readonly why: string }[] };
  const lost = ({ region, why }: { readonly region: string; readonly why: string }): boolean =>
    forgetful.has(region) && / has seen /.test(why);
  return broken.filter((one) => !lost(one)).map((one) => JSON.stringify(one));
}

/** Those who are connected, in every region's eyes; and when they have left, nobody. */
async function presenceIsExact({ mesh, traffic, wanderers, travellers }: Judging): Promise<void> {
  const people = [...wanderers, ...travellers];
  const observer = await mesh.person(people[0]?.user ?? "");
  const onlineIn = async (region: string): Promise<readonly string[]> => {
    const { items } = await observer.read(region, `/v1/presence?channel=${traffic.channel}`);
    return (items as readonly { readonly user: string; readonly status: string }[])
      .filter(({ status }) => status !== "offline")
      .map(({ user, status }) => (status === "online" ? user : `${user} ${status}`))
      .sort();
  };
  const everybodySees = async (users: readonly string[]): Promise<boolean> => {
    const seen = await Promise.all(mesh.regions().map(onlineIn));
    return seen.every((online) => isDeepStrictEqual(online, [...users].sort()));
  };
  await until("every region sees exactly who is connected", () => everybodySees(people.map(({ user }) => user)), TOLD_MS);
  for (const one of people) one.close();
  await until("every region sees nobody", () => everybodySees([]), TOLD_MS);
}
