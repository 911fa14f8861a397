/**
 * Some of a region's own clients go to the next one: while it is nearly full, and while it is coming back. Which ones is fixed by a hash of
 * the client's block and the region, so a client stays where it is for as long as the share stands, and whoever has come home stays home
 * while the share grows.
 */
import { blockBits, unitOf } from "../address.ts";
import type { Client } from "../client.ts";
import { because, type Candidate, type Filter, reaching, type Steering } from "../steering.ts";

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The first that takes this client goes to the front. Whoever is not offered takes nobody. */
function chosen(
  steering: Steering,
  { address }: Client,
  by: "load" | "ramp",
  takes: (candidate: Candidate) => boolean,
  why: (passed: Candidate) => string,
): Steering {
  const reached = address === undefined ? steering : reaching(steering, blockBits(address));
  const { candidates, reason } = reached;
  const at = candidates.findIndex((candidate) => candidate.refused === undefined && takes(candidate));
  if (at <= 0) return reached;
  const [passed, taken] = [candidates[0]!, candidates[at]!];
  return {
    ...reached,
    by,
    candidates: [taken, ...candidates.filter((candidate) => candidate !== taken)],
    reason: because(reason, (candidate, before) => (candidate === taken ? `${why(passed)}; next ${before()}` : undefined)),
  };
}

/** Regions that are nearly full send a share of their clients on; if all do, nobody is sent on. */
export const shedLoad: Filter = (steering, client) => {
  if (steering.candidates.every(({ refused, health }) => refused !== undefined || health.shed === 0)) return steering;
  const takes = ({ region, health }: Candidate): boolean => unitOf(client.address, `shed ${region.name}`) >= health.shed;
  return chosen(
    steering,
    client,
    "load",
    takes,
    ({ region, health }) => `${region.name} is nearly full and sends ${percent(health.shed)} on`,
  );
};

/**
 * A region that returns takes a share of its clients that grows. Shares are relative to the greatest of those offered: where all have just
 * come up together there is nobody to hold the rest.
 */
export const ramp: Filter = (steering, client) => {
  let most = 0;
  let least = 1;
  for (const { refused, health } of steering.candidates)
    if (refused === undefined) {
      most = Math.max(most, health.share);
      least = Math.min(least, health.share);
    }
  if (most === 0 || least === 1) return steering;
  const takes = ({ region, health }: Candidate): boolean => unitOf(client.address, region.name) * most < health.share;
  return chosen(
    steering,
    client,
    "ramp",
    takes,
    ({ region, health }) => `${region.name} is coming back and takes ${percent(health.share / most)} so far`,
  );
};
