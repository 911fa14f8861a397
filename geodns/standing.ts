/**
 * From what several vantage points see of a region to how it stands. Every observer (a name server, a gateway) looks for itself, is told what
 * the gateways of other regions see, and comes to the same standing by this pure function; so there is nobody whose death leaves the others
 * without an answer.
 *
 * **Down** is only who answers *nobody*. An answer to anybody proves life, so a partition between regions never counts as down: a region that
 * few can reach, or that is cut off from its peers, keeps its users until that has lasted for so long that it is no passing partition (T7).
 *
 * **Back** is by a ramp from a tenth of its clients to all of them. What was not seen to go was not away: an observer that has just begun
 * takes the others' word for how far a ramp has come, or else holds that there is none.
 */
import type { Watched } from "./health.ts";
import type { RegionHealth } from "./region.ts";
import type { SteeringSettings } from "./steering-settings.ts";

/** What another region's gateway holds of a region. */
export interface Vote extends Omit<Watched, "against" | "neverUp"> {
  readonly from: string;
}
/** What a region tells of itself. */
export interface Told {
  /** Connections, as a share of those it can hold; 0 where no bound is known. */
  readonly load: number;
  /** Its state was compared with its peers' and is equal, and no link lags. */
  readonly converged: boolean;
  /** For how long it has been cut off from all its peers. */
  readonly cutOffMs: number;
}
export interface Sighting {
  readonly own: Watched | undefined;
  readonly others: readonly Vote[];
  readonly told: Told | undefined;
  /** An operator has drained it: in words, who and when. */
  readonly drained: string | undefined;
  /** How far its return has come by the others' word, 0 to 1. */
  readonly returning: number | undefined;
}
export interface Standing {
  readonly health: RegionHealth;
  /** It was seen to be well at least once. */
  readonly wasUp: boolean;
  /** Since when most vantage points do not reach it while some do. */
  readonly contestedSinceMs: number | undefined;
  /** Of the ramp, 0 to 1; 1 = not returning. */
  readonly progress: number;
  readonly atMs: number;
}
export interface Moment {
  /** Of a clock that never steps. */
  readonly nowMs: number;
  /** How long the observer has been looking. */
  readonly ageMs: number;
  readonly settings: SteeringSettings;
}

const SHARE_FIRST = 0.1;
/** A region that is proved equal to its peers needs less caution. */
const CONVERGED_FASTER = 5;
/** Of a mesh that starts as a whole nobody is coming back. */
const BEGINNING_MS = 60_000;
/** Observers see a return within seconds of each other; a ramp that is further apart is another one. */
const SAME_RAMP = 0.05;
const FULL = { begin: 0.8, end: 0.75, all: 0.95 };

interface Judged {
  readonly state: RegionHealth["state"];
  readonly why: string;
  readonly settled: boolean;
  readonly contestedSinceMs: number | undefined;
}

export function stand(before: Standing | undefined, sighting: Sighting, moment: Moment): Standing {
  const judged = judge(before, sighting, moment);
  const progress = judged.state === "up" ? progressOf(before, judged, sighting, moment) : (before?.progress ?? 1);
  return {
    health: {
      state: judged.state,
      why: judged.state === "up" && progress < 1 ? `${judged.why}; coming back` : judged.why,
      settled: judged.settled,
      share: judged.state === "up" ? SHARE_FIRST + (1 - SHARE_FIRST) * progress : 0,
      shed: shedOf(before?.health.shed ?? 0, sighting.told?.load ?? 0),
    },
    wasUp: before?.wasUp === true || (judged.state === "up" && judged.settled),
    contestedSinceMs: judged.contestedSinceMs,
    progress,
    atMs: moment.nowMs,
  };
}

function judge(before: Standing | undefined, { own, others, told, drained }: Sighting, { nowMs, settings }: Moment): Judged {
  const votes = own === undefined ? others : [own, ...others];
  const heard = own !== undefined && own.state !== "down" ? own : others.find(({ state }) => state !== "down");
  const downs = votes.filter(({ state }) => state === "down").length;
  const few = heard !== undefined && downs * 2 > votes.length;
  const contestedSinceMs = few ? (before?.contestedSinceMs ?? nowMs) : undefined;
  const as = (state: RegionHealth["state"], why: string, settled = true): Judged => ({ state, why, settled, contestedSinceMs });
  if (drained !== undefined) return as("drained", drained);
  if (votes.length === 0) return as("up", "not looked at yet", false);
  if (heard === undefined)
    return as(
      "down",
      seenBy(votes[0]!.why, votes.length),
      votes.every(({ settled }) => settled),
    );
  if (heard.state !== "up") return as(heard.state, heard.why, heard.settled);
  const { redirectAfterMs } = settings;
  if (contestedSinceMs !== undefined && nowMs - contestedSinceMs >= redirectAfterMs)
    return as("cut-off", `for ${lasting(nowMs - contestedSinceMs)} reached from ${votes.length - downs} of ${votes.length} places only`);
  if (told !== undefined && told.cutOffMs > 0 && told.cutOffMs >= redirectAfterMs)
    return as("cut-off", `cut off from all its peers for ${lasting(told.cutOffMs)}`);
  return as(
    "up",
    downs === 0 ? heard.why : `${heard.why}, though ${downs} of ${votes.length} places do not reach it`,
    heard.settled && downs === 0,
  );
}

const seenBy = (why: string, places: number): string => (places === 1 ? why : `${why}, seen from ${places} places`);
const lasting = (ms: number): string => (ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`);

function progressOf(before: Standing | undefined, { settled }: Judged, sighting: Sighting, { nowMs, ageMs, settings }: Moment): number {
  const { told, returning } = sighting;
  const begins = ageMs <= BEGINNING_MS;
  if (settings.rampMs === 0) return 1;
  if (before === undefined) return returning ?? (begins ? 1 : 0);
  // Who was only not there yet is coming back from nowhere; who was held back, by whomever, is not.
  const { state } = before.health;
  const heldBack = before.progress < 1 || state === "draining" || state === "drained" || state === "clock" || state === "cut-off";
  if (begins && !before.wasUp && !heldBack) return returning ?? 1;
  if (state !== "up" || (!before.wasUp && settled && before.progress >= 1)) return 0;
  if (before.progress >= 1) return begins ? (returning ?? 1) : 1;
  const step = ((nowMs - before.atMs) / settings.rampMs) * (told?.converged === true ? CONVERGED_FASTER : 1);
  const others = returning !== undefined && returning - before.progress < SAME_RAMP ? returning : 0;
  return Math.min(1, Math.max(before.progress + step, others));
}

/** Begins to shed at one load and ends at a lower one, so that a load around the threshold moves nobody to and fro. */
function shedOf(before: number, load: number): number {
  if (load < FULL.end || (before === 0 && load < FULL.begin)) return 0;
  const wanted = Math.min(1, Math.max(0.01, (load - FULL.begin) / (FULL.all - FULL.begin)));
  return Math.abs(wanted - before) < 0.05 && before > 0 ? before : wanted;
}
