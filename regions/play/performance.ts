/**
 * Recorded or made-up chat through a real mesh, cut on the way. Every command is followed from its writer's answer to every reader's socket and
 * every region's history; the report says what became of each. A region that dies on the way and stays dead ends nothing: the others are judged.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Io, Stop } from "../cli/answer.ts";
import type { MeshAccess } from "./access.ts";
import { Audience } from "./audience.ts";
import type { CutReport } from "./cut-timeline.ts";
import { playCut } from "./cut-timeline.ts";
import { closeDoors } from "./door.ts";
import { percentile } from "./ledger.ts";
import type { PlannedCut } from "./plan.ts";
import { changeOf } from "./plan.ts";
import type { Recorded } from "./recording.ts";
import type { Staged } from "./stage.ts";
import { READERS, stageChannels } from "./stage.ts";
import { Tally, type Verdict } from "./tally.ts";
import { Writers } from "./writers.ts";

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
export interface PlayReport extends Verdict {
  readonly sent: number;
  readonly accepted: number;
  readonly unknown: number;
  readonly refused: number;
  readonly conflicts: number;
  readonly changes: number;
  readonly local: Percentiles;
  readonly cross: Percentiles;
  readonly reconnects: number;
  readonly seconds: number;
  readonly cuts: readonly CutReport[];
  readonly converged: boolean;
  readonly digest: string | null;
  /** Regions that answered nobody any more at the end. */
  readonly gone: readonly string[];
  /** Why commands were refused. */
  readonly refusals: readonly string[];
}
interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CONVERGE_MS = 120_000;

/** Refuses a mesh with a cut of somebody else's: nothing could be set up on both its sides, and what is seen would not be what was asked for. */
export async function refuseCutOff(access: MeshAccess, what: string): Promise<void> {
  const off = (await access.everybodyAnswers()).find(({ state }) => state === "cut-off");
  if (off !== undefined) throw new Stop(1, `${off.region} is cut off already: what ${what} would report is not its own`, "atoll heal");
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
  const [dead] = (await access.untilEqual(CONVERGE_MS)).gone;
  if (dead !== undefined) throw new Stop(3, `${dead} does not answer any more`, `if it is dead: atoll start ${dead}`);
  const audience = await Audience.open(
    access,
    [...staged.values()].map(({ id }) => id),
    writers.again,
  );
  closing.push(() => audience.close());
  const tally = new Tally();
  piece.begins?.(staged);
  const began = performance.now();
  const world = {
    cut: access.cut,
    heal: access.heal,
    gone: access.gone,
    states: () => audience.states(),
    presenceExact: () => access.online([...READERS], [...staged.values()][0]?.id ?? ""),
  };
  const cutReports = Promise.all(cuts.map((cut) => playCut(cut, began, world)));
  await sendAll({ piece, staged, writers, audience, tally, names, io });
  const reports: readonly CutReport[] = await cutReports;
  const { gone, ...verified } = await access.untilEqual(CONVERGE_MS);
  if (gone.length === names.length) throw new Stop(3, "no region answers any more", "atoll down, then atoll up");
  await audience.complete(tally.owed(gone), gone, CONVERGE_MS);
  const verdict = await tally.judge(access, staged, audience, gone);
  return {
    sent: tally.sent,
    accepted: tally.sent - tally.unknown - tally.refused.length,
    unknown: tally.unknown,
    refused: tally.refused.length,
    ...verdict,
    conflicts: await access.conflicts(
      [...staged.values()].map(({ id }) => id),
      gone,
    ),
    changes: tally.changes,
    local: { p50Ms: percentile(tally.localMs, 0.5), p99Ms: percentile(tally.localMs, 0.99) },
    cross: audience.cross(),
    reconnects: audience.reconnects(),
    seconds: Math.round((performance.now() - began) / 100) / 10,
    cuts: reports,
    converged: verified.equal,
    digest: verified.digest,
    gone,
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
  const message = tally.settle(channel, key, outcome);
  if (message === undefined) return;
  if (!outcome.retried) tally.localMs.push(outcome.ms);
  const change = changeOf(nth, edits);
  if (change === undefined) return;
  const away = names.find((name) => name !== home) ?? home;
  const ask = async (who: string, where: string, kind: string, fields: Readonly<Record<string, unknown>> = {}): Promise<void> => {
    const command = { id: randomUUID(), kind, channel: id, message, ...fields };
    const { answer, by } = await writers.write(who, where, command);
    if (answer?.ok !== true) return;
    tally.changes += 1;
    tally.accepted(command.id, by);
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
