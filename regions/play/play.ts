/**
 * `atoll play`: recorded chat through a real mesh, cut on the way. Every command is followed from its writer's answer to every reader's socket
 * and every region's history; the report says what became of each.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Io } from "../cli/answer.ts";
import { healOnAbort } from "./abort.ts";
import type { MeshAccess } from "./access.ts";
import { Audience } from "./audience.ts";
import type { Outcome } from "./author-line.ts";
import type { CutReport } from "./cut-timeline.ts";
import { playCut } from "./cut-timeline.ts";
import { closeDoors } from "./door.ts";
import { compareHistory, percentile } from "./ledger.ts";
import type { PlannedCut } from "./plan.ts";
import { changeOf, parseCut } from "./plan.ts";
import type { Recorded } from "./recording.ts";
import { homesOf, readRecording } from "./recording.ts";
import type { Staged } from "./stage.ts";
import { READERS, stageChannels } from "./stage.ts";
import { Writers } from "./writers.ts";

export interface PlayOptions {
  readonly file: string;
  readonly users: string | undefined;
  readonly rate: number;
  readonly limit: number;
  readonly cuts: readonly string[];
  readonly edits: number;
}

/** What is played, wherever it comes from. */
export interface Piece {
  readonly recording: readonly Recorded[];
  /** Where each user writes. */
  readonly homes: ReadonlyMap<string, string>;
  /** Messages a second. */
  readonly rate: number;
  /** Share of messages that are afterwards changed from two regions. */
  readonly edits: number;
  readonly cuts: readonly PlannedCut[];
  /** Channels stand and everybody reads along: the first message is about to be sent. */
  readonly begins?: (staged: ReadonlyMap<string, Staged>) => void;
}
/** What became of it. */
export interface PlayReport {
  readonly sent: number;
  readonly accepted: number;
  readonly unknown: number;
  readonly refused: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly undelivered: number;
  readonly conflicts: number;
  readonly changes: number;
  readonly local: Percentiles;
  readonly cross: Percentiles;
  readonly reconnects: number;
  readonly seconds: number;
  readonly cuts: readonly CutReport[];
  readonly converged: boolean;
  readonly digest: string | null;
  /** Why commands were refused. */
  readonly refusals: readonly string[];
}
interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Tally {
  sent: number;
  unknown: number;
  refused: string[];
  readonly messages: Map<string, Set<string>>;
  /** Changes that were accepted. One that was refused came too late: the other side's delete stood. */
  changes: number;
  /** All that was accepted, messages and changes. */
  readonly commands: Set<string>;
  readonly localMs: number[];
}

const CONVERGE_MS = 120_000;

export async function runPlay({ file, users, limit, ...options }: PlayOptions, io: Io, access: MeshAccess): Promise<Answer> {
  const recording = readRecording(file, limit);
  const names = access.regions.map(({ name }) => name);
  const cuts = options.cuts.map((text) => parseCut(text, names));
  const homes = homesOf(new Set(recording.map(({ user }) => user)), users, access.regions);
  const patient = healOnAbort(io, () => Promise.all(cuts.map(({ regions }) => access.heal(regions))));
  const { refusals, ...report } = await playThrough({ ...options, recording, homes, cuts }, io, access).finally(patient);
  const good = report.lost + report.duplicated + report.outOfOrder + report.refused === 0 && report.converged;
  return { code: good ? 0 : 1, document: report, text: tell(report, refusals) };
}

/** Plays a piece through the mesh to its end, and accounts for every command of it. */
export async function playThrough(piece: Piece, io: Io, access: MeshAccess): Promise<PlayReport> {
  await access.everybodyAnswers();
  const writers = new Writers({ doors: new Map(access.regions.map(({ name, ws }) => [name, ws])), tokenOf: access.tokenOf });
  const closing = [() => writers.close(), closeDoors];
  try {
    return await played({ piece, io, access, writers, closing });
  } finally {
    // Whatever has become of it: sockets that come back for ever would keep the command from ending.
    for (const close of closing) close();
  }
}

interface Playing {
  readonly piece: Piece;
  readonly io: Io;
  readonly access: MeshAccess;
  readonly writers: Writers;
  /** What is to be closed at the end. */
  readonly closing: (() => void)[];
}

async function played({ piece, io, access, writers, closing }: Playing): Promise<PlayReport> {
  const { recording, homes, cuts } = piece;
  const names = access.regions.map(({ name }) => name);
  const staged = await stageChannels(recording, writers, homes);
  await access.untilEqual(CONVERGE_MS);
  const audience = await Audience.open(
    access,
    [...staged.values()].map(({ id }) => id),
    writers.again,
  );
  closing.push(() => audience.close());
  const tally: Tally = {
    sent: 0,
    unknown: 0,
    refused: [],
    messages: new Map([...staged].map(([name]) => [name, new Set<string>()])),
    changes: 0,
    commands: new Set(),
    localMs: [],
  };
  piece.begins?.(staged);
  const began = performance.now();
  const world = {
    cut: access.cut,
    heal: access.heal,
    states: () => audience.states(),
    presenceExact: () => access.online([...READERS], [...staged.values()][0]?.id ?? ""),
  };
  const cutReports = Promise.all(cuts.map((cut) => playCut(cut, began, world)));
  await sendAll({ piece, staged, writers, audience, tally, names, io });
  const reports: readonly CutReport[] = await cutReports;
  const verified = await access.untilEqual(CONVERGE_MS);
  await audience.complete(tally.commands, CONVERGE_MS);
  const verdict = await judge(access, staged, tally, audience);
  return {
    sent: tally.sent,
    accepted: tally.sent - tally.unknown - tally.refused.length,
    unknown: tally.unknown,
    refused: tally.refused.length,
    ...verdict,
    conflicts: await access.conflicts([...staged.values()].map(({ id }) => id)),
    changes: tally.changes,
    local: { p50Ms: percentile(tally.localMs, 0.5), p99Ms: percentile(tally.localMs, 0.99) },
    cross: audience.cross(),
    reconnects: audience.reconnects(),
    seconds: Math.round((performance.now() - began) / 100) / 10,
    cuts: reports,
    converged: verified.equal,
    digest: verified.digest,
    refusals: tally.refused,
  };
}

interface Sending {
  readonly piece: Piece;
  readonly staged: ReadonlyMap<string, Staged>;
  readonly writers: Writers;
  readonly audience: Audience;
  readonly tally: Tally;
  readonly names: readonly string[];
  readonly io: Io;
}

/** An open loop: message n is due at n / rate, whatever became of the others. */
async function sendAll(sending: Sending): Promise<void> {
  const { io } = sending;
  const { recording, rate } = sending.piece;
  const began = performance.now();
  const turns: Promise<void>[] = [];
  for (const [nth, line] of recording.entries()) {
    const dueMs = began + (nth * 1000) / rate;
    if (dueMs - performance.now() > 2) await pause(dueMs - performance.now());
    turns.push(sendOne(sending, nth, line));
    if (io.isTerminal && nth % 500 === 0) io.err(`\r${nth} of ${recording.length} sent`);
  }
  await Promise.all(turns);
  if (io.isTerminal) io.err(`\r${recording.length} of ${recording.length} sent\n`);
}

async function sendOne(
  { piece: { homes, edits }, staged, writers, audience, tally, names }: Sending,
  nth: number,
  { channel, user, text }: Recorded,
): Promise<void> {
  const { id, owner } = staged.get(channel) as Staged;
  const key = randomUUID();
  const home = homes.get(user) ?? names[0] ?? "";
  tally.sent += 1;
  audience.expect(key, nth);
  const outcome = await writers.write(user, home, { id: key, kind: "message.send", channel: id, body: text });
  const message = settle(outcome, key, tally);
  if (message === undefined) return;
  tally.messages.get(channel)?.add(message);
  if (!outcome.retried) tally.localMs.push(outcome.ms);
  const change = changeOf(nth, edits);
  if (change === undefined) return;
  const away = names.find((name) => name !== home) ?? home;
  const ask = async (who: string, where: string, kind: string, fields: Readonly<Record<string, unknown>> = {}): Promise<void> => {
    const command = { id: randomUUID(), kind, channel: id, message, ...fields };
    if ((await writers.write(who, where, command)).answer?.ok !== true) return;
    tally.changes += 1;
    tally.commands.add(command.id);
  };
  // Both sides at once: the author at home, the channel's owner from another region (or the author's other device there).
  if (change === "edit")
    await Promise.all([
      ask(user, home, "message.edit", { body: `${text} (edited by its author)`.slice(0, 4_000) }),
      ask(owner, away, "message.edit", { body: `${text} (edited by the owner)`.slice(0, 4_000) }),
    ]);
  if (change === "react")
    await Promise.all([ask(user, home, "reaction.set", { emoji: "👍" }), ask(owner, away, "reaction.set", { emoji: "🎉" })]);
  if (change === "delete") await Promise.all([ask(user, home, "message.delete"), ask(owner, away, "message.edit", { body: text })]);
}

function settle({ answer }: Outcome, key: string, tally: Tally): string | undefined {
  if (answer === undefined) tally.unknown += 1;
  else if (!answer.ok) tally.refused.push(`${answer.code} ${answer.message}`);
  else {
    tally.commands.add(key);
    return String(answer.result["id"]);
  }
  return undefined;
}

/** Readers' streams and every region's histories against what was accepted. */
async function judge(
  access: MeshAccess,
  staged: ReadonlyMap<string, Staged>,
  tally: Tally,
  audience: Audience,
): Promise<{ lost: number; duplicated: number; outOfOrder: number; undelivered: number }> {
  let lost = 0;
  let duplicated = audience.duplicated();
  for (const { name } of access.regions)
    for (const [channel, { id, owner }] of staged) {
      const shown = await access.history(name, id, owner);
      const compared = compareHistory(tally.messages.get(channel) ?? new Set(), shown);
      lost += compared.lost;
      duplicated += compared.duplicated;
    }
  const undelivered = audience.missing(tally.commands);
  return { lost: lost + undelivered, duplicated, outOfOrder: audience.outOfOrder(), undelivered };
}

function tell(report: Omit<PlayReport, "refusals">, refusals: readonly string[]): string {
  const { cuts, local, cross } = report;
  return [
    `${report.sent} sent: ${report.accepted} accepted, ${report.unknown} unknown, ${report.refused} refused, in ${report.seconds} s`,
    `${report.lost} lost, ${report.duplicated} duplicated, ${report.outOfOrder} out of order, ${report.conflicts} conflicts`,
    `accepted at home in p50 ${local.p50Ms} ms, p99 ${local.p99Ms} ms; read in another region after p50 ${cross.p50Ms} ms, p99 ${cross.p99Ms} ms`,
    ...cuts.map(
      (cut) =>
        `cut ${cut.regions.join("-")}: seen after ${cut.detectMs} ms; after the heal: link ${cut.linkMs} ms, streams ${cut.streamsMs} ms, presence ${cut.presenceMs} ms, converged ${cut.convergedMs} ms`,
    ),
    report.converged ? `every region is equal: ${report.digest}` : "the regions are NOT equal",
    ...refusals.slice(0, 5).map((line) => `refused: ${line}`),
  ].join("\n");
}
