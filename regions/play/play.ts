/** `atoll play`: a recording becomes a piece for this mesh, and what became of it words for people. */
import type { Answer, Io } from "../cli/answer.ts";
import { healOnAbort } from "./abort.ts";
import type { MeshAccess } from "./access.ts";
import type { CutReport } from "./cut-timeline.ts";
import type { PlayReport } from "./performance.ts";
import { playThrough, refuseCutOff } from "./performance.ts";
import { parseCut } from "./plan.ts";
import { homesOf, readRecording } from "./recording.ts";

export interface PlayOptions {
  readonly file: string;
  readonly users: string | undefined;
  readonly rate: number;
  readonly limit: number;
  readonly cuts: readonly string[];
  readonly edits: number;
}

export async function runPlay({ file, users, limit, ...options }: PlayOptions, io: Io, access: MeshAccess): Promise<Answer> {
  const recording = readRecording(file, limit);
  const names = access.regions.map(({ name }) => name);
  const cuts = options.cuts.map((text) => parseCut(text, names));
  const homes = homesOf(new Set(recording.map(({ user }) => user)), users, access.regions);
  await refuseCutOff(access, "a play");
  const patient = healOnAbort(io, () => Promise.all(cuts.map(({ regions }) => access.heal(regions))));
  const { refusals, ...report } = await playThrough({ ...options, recording, homes, cuts }, io, access).finally(patient);
  const good = report.lost + report.duplicated + report.outOfOrder + report.refused === 0 && report.converged;
  return { code: good ? 0 : 1, document: report, text: tell(report, refusals) };
}

function tell(report: Omit<PlayReport, "refusals">, refusals: readonly string[]): string {
  const { cuts, local, cross, gone } = report;
  return [
    `${report.sent} sent: ${report.accepted} accepted, ${report.unknown} unknown, ${report.refused} refused, in ${report.seconds} s`,
    `${report.lost} lost, ${report.duplicated} duplicated, ${report.outOfOrder} out of order, ${report.conflicts} conflicts`,
    `accepted at home in p50 ${local.p50Ms} ms, p99 ${local.p99Ms} ms; read in another region after p50 ${cross.p50Ms} ms, p99 ${cross.p99Ms} ms`,
    ...cuts.map(cutWords),
    report.converged ? `every region is equal: ${report.digest}` : "the regions are NOT equal",
    ...gone.map((region) => `${region} does not answer: what it shows is not judged (atoll start ${region})`),
    ...(report.outOfReach === 0 ? [] : [`${report.outOfReach} commands that it accepted have reached nobody else; they are on its disk`]),
    ...refusals.slice(0, 5).map((line) => `refused: ${line}`),
  ].join("\n");
}

function cutWords({ regions, detectMs, linkMs, streamsMs, presenceMs, convergedMs, gone }: CutReport): string {
  const took = (ms: number | null): string => (ms === null ? "not seen" : `${ms} ms`);
  const seen = `cut ${regions.join("-")}: seen after ${took(detectMs)}; after the heal: link ${took(linkMs)}`;
  const parts = `streams ${took(streamsMs)}, presence ${took(presenceMs)}, converged ${took(convergedMs)}`;
  return `${seen}, ${parts}${gone.length === 0 ? "" : `; ${gone.join(" and ")} died, and what is not seen was not waited for`}`;
}
