/**
 * A rehearsal on a live mesh: a real cut under load, with people in every region, healed after the time given; the report holds what became of every
 * message against the promised timeline (P5; T0 to T4 of the register).
 */
import type { Answer, Io } from "../cli/answer.ts";
import { formatDuration } from "../cli/duration.ts";
import { healOnAbort } from "./abort.ts";
import type { MeshAccess } from "./access.ts";
import type { CutReport } from "./cut-timeline.ts";
import { playThrough, refuseCutOff } from "./performance.ts";
import type { Reader } from "./reader.ts";
import { openReader } from "./reader.ts";
import type { Recorded } from "./recording.ts";

export interface DrillOptions {
  /** One region to be cut from all, or a pair to be cut from each other. */
  readonly regions: readonly string[];
  readonly lengthMs: number;
  /** Messages a second. */
  readonly load: number;
}

/** What the laws promise at most, from the cut (detect) or the heal (P5). */
const PROMISED: Readonly<Record<Exclude<keyof CutReport, "regions" | "linkMs" | "gone">, number>> = {
  detectMs: 30_000,
  streamsMs: 120_000,
  presenceMs: 180_000,
  convergedMs: 300_000,
};
const LEAD_MS = 2_000;
const AFTER_MS = 3_000;
const WRITERS = 4;
const GHOST = "drill-ghost";
/** Share of the messages that both sides change. */
const EDITS = 0.05;
const GHOST_GONE_MS = 30_000;

export async function runDrill({ regions, lengthMs, load }: DrillOptions, io: Io, access: MeshAccess): Promise<Answer> {
  const names = access.regions.map(({ name }) => name);
  const homes = new Map<string, string>(
    names.flatMap((name) => Array.from({ length: WRITERS }, (_, n) => [`drill-${name}-${n + 1}`, name] as const)),
  );
  homes.set(GHOST, regions[0] ?? "");
  const recording = talk([...homes.keys()], Math.ceil(((LEAD_MS + lengthMs + AFTER_MS) / 1_000) * load));
  let ghost: Promise<Reader> | undefined;
  let leaving: NodeJS.Timeout | undefined;
  let channel = "";
  const healed = async (): Promise<void> => void (await access.heal(regions).catch(() => {}));
  await refuseCutOff(access, "a drill");
  const patient = healOnAbort(io, healed);
  try {
    const report = await playThrough(
      {
        recording,
        homes,
        rate: load,
        edits: EDITS,
        cuts: [{ regions, startMs: LEAD_MS, lengthMs }],
        begins: (staged) => {
          channel = [...staged.values()][0]?.id ?? "";
          ghost = visitor(access, regions[0] ?? "", channel);
          leaving = setTimeout(() => void ghost?.then((one) => one.close()), LEAD_MS + lengthMs / 2);
        },
      },
      io,
      access,
    );
    const ghosts = await ghostsIn(access, channel);
    const [cut] = report.cuts;
    const late = lateParts(cut);
    const passed = report.lost + report.duplicated + report.outOfOrder + report.refused + ghosts + late.length === 0 && report.converged;
    const { sent, accepted, unknown, lost, duplicated, outOfOrder, conflicts, converged, digest } = report;
    const document = {
      ...cut,
      passed,
      ghosts,
      sent,
      accepted,
      unknown,
      lost,
      duplicated,
      outOfOrder,
      conflicts,
      converged,
      digest,
      promised: PROMISED,
    };
    return { code: passed ? 0 : 1, document, text: tell(document, cut, late) };
  } finally {
    patient();
    clearTimeout(leaving);
    void ghost?.then((one) => one.close());
    await healed();
  }
}

/** Everybody says something in turn; the visitor once, so that there is somebody who can be missed. */
function talk(users: readonly string[], count: number): readonly Recorded[] {
  const speakers = users.filter((user) => user !== GHOST);
  const lines = Array.from({ length: Math.max(count, speakers.length) }, (_, n) => ({
    channel: "drill",
    user: speakers[n % speakers.length] ?? "",
    text: `drill, line ${n}`,
  }));
  return [{ channel: "drill", user: GHOST, text: "I shall leave while the link is cut" }, ...lines];
}

/** Somebody who is there before the cut, and leaves during it. */
async function visitor(access: MeshAccess, region: string, channel: string): Promise<Reader> {
  const ws = access.regions.find(({ name }) => name === region)?.ws ?? "";
  return openReader({ ws, region, token: await access.tokenOf(GHOST), channels: [channel], onEvent: () => {}, onSync: () => {} });
}

/** In how many regions the visitor is still said to be online, when there was time to learn better. */
async function ghostsIn(access: MeshAccess, channel: string): Promise<number> {
  const began = performance.now();
  for (;;) {
    const shown = await access.shownIn(GHOST, channel);
    if (shown.length === 0 || performance.now() - began > GHOST_GONE_MS) return shown.length;
    await new Promise((again) => setTimeout(again, 250));
  }
}

const lateParts = (cut: CutReport | undefined): readonly string[] =>
  Object.entries(PROMISED).flatMap(([part, most]) => {
    const took = cut?.[part as keyof typeof PROMISED] ?? null;
    return took === null || took > most ? [part] : [];
  });

function tell(
  report: { readonly passed: boolean; readonly [field: string]: unknown },
  cut: CutReport | undefined,
  late: readonly string[],
): string {
  const part = (name: keyof typeof PROMISED, words: string): string => {
    const took = cut?.[name] ?? null;
    const mark = late.includes(name) ? "LATE" : "ok  ";
    return `  ${mark} ${words.padEnd(34)} ${(took === null ? "not seen" : formatDuration(took)).padStart(9)}  promised ${formatDuration(PROMISED[name])}`;
  };
  return [
    report.passed ? "passed" : "NOT passed",
    part("detectMs", "the cut was seen on both sides"),
    part("streamsMs", "after the heal: streams"),
    part("presenceMs", "after the heal: presence exact"),
    part("convergedMs", "after the heal: states equal"),
    ...(cut?.gone ?? []).map((region) => `  ${region} died on the way: what is not seen was not waited for (atoll start ${region})`),
    `  ${report["sent"]} sent, ${report["lost"]} lost, ${report["duplicated"]} duplicated, ${report["outOfOrder"]} out of order, ${report["conflicts"]} conflicts, ${report["ghosts"]} ghosts`,
  ].join("\n");
}
