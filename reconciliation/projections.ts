/** The stores that stand beside the embedded one, each with the projection that brings it what changes: all of it, or this process's share. */
import type { DirectoryStore } from "../core/ports/directory-store.ts";
import type { HistoryStore } from "../core/ports/history-store.ts";
import type { MembershipCopy } from "../core/ports/route-source.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import { readKey } from "../core/register.ts";
import { isOfShare, type Share, shareName, sharesBeside, WHOLE } from "../core/share.ts";
import { type Changes, lastChange } from "./changes.ts";
import { DirectoryCheck } from "./directory-check.ts";
import { directorySink } from "./directory-sink.ts";
import { historySink } from "./history-sink.ts";
import { openMembershipCopy } from "./membership-copy.ts";
import type { ProjectionWatch, Sink } from "./projection.ts";
import { Projection } from "./projection.ts";
import { type Progress, type ProjectionFacts, together } from "./projection-facts.ts";
import { ShareWatch } from "./share-watch.ts";

export interface ProjectionsParts {
  readonly region: string;
  readonly boot: string;
  readonly store: StateStore;
  readonly history?: HistoryStore;
  readonly directory?: DirectoryStore;
  /** Of the channels that this process brings; absent: all. */
  readonly share?: Share;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly watch: Partial<ProjectionWatch>;
}
export interface Projections {
  /** This life of the embedded store: whose numbers the changes are. */
  readonly series: string;
  /** Of all shares together. Undefined where no history store is configured. */
  readonly history: Progress | undefined;
  /** Undefined where no directory store is configured. */
  readonly memberships: MembershipCopy | undefined;
  /** Notes whose numbers the changes are, and begins. */
  begin(): Promise<void>;
  nudge(): void;
  facts(): readonly ProjectionFacts[];
  stop(): Promise<void>;
}

const SERIES = "series";
/** The directory store is looked through this often, a page at a time. */
const CHECK_MS = 2_000;

/** Whose numbers the changes of a store are; undefined while nobody has noted it there. */
export function seriesOf(store: StateStore): string | undefined {
  const known = store.get("facts", SERIES);
  return typeof known === "string" ? known : undefined;
}

/** Registers go by their channel. The audit log is the region's, and one brings it. */
const ofShare = (changes: Changes, share: Share): Changes => ({
  ...changes,
  registers: share.of === 1 ? changes.registers : new Map([...changes.registers].filter(([key]) => isOfShare(share, readKey(key).channel))),
  audit: share.nth === 1 ? changes.audit : [],
});

export function openProjections({ region, boot, store, history, directory, share = WHOLE, ...parts }: ProjectionsParts): Projections {
  const known = seriesOf(store);
  const series = known ?? boot;
  const sinks = (one: Share): { readonly history: Sink | undefined; readonly directory: Sink | undefined } => ({
    history: history && historySink(history, shareName(region, one), store),
    directory: directory && directorySink(directory, shareName(region, one), store),
  });
  const project = (sink: Sink | undefined): Projection | undefined =>
    sink && new Projection({ ...parts, sink: { ...sink, take: (changes) => sink.take(ofShare(changes, share)) }, store, series });
  const watched = (one: Share, sink: Sink | undefined): ShareWatch | undefined =>
    sink && new ShareWatch({ ...parts, sink: { ...sink, name: `${sink.name} ${one.nth}/${one.of}` }, tables: store, series });

  const own = sinks(share);
  const [ofHistory, ofDirectory] = [project(own.history), project(own.directory)];
  const all = [ofHistory, ofDirectory].filter((one) => one !== undefined);
  const beside = sharesBeside(share).map((one) => {
    const { history: theirs, directory: members } = sinks(one);
    return { history: watched(one, theirs), directory: watched(one, members) };
  });
  const watches = beside.flatMap((one) => [one.history, one.directory]).filter((one) => one !== undefined);
  const shards = [share, ...sharesBeside(share)].map((one) => shareName(region, one));
  const { timers } = parts;
  const check =
    directory &&
    ofDirectory &&
    new DirectoryCheck({
      ...{ region, directory, store, bringing: ofDirectory, isOurs: (channel: string) => isOfShare(share, channel) },
      mended: (memberships) => parts.watch.mended?.("directory", memberships),
    });
  const looks = check && timers.every(CHECK_MS, () => void check.look().catch(() => {})); // the projection says that it is out of reach
  let begun = false;
  const nudge = (): void => {
    if (begun) for (const one of all) one.nudge();
  };
  return {
    series,
    history: ofHistory && together([ofHistory, ...beside.map((one) => one.history).filter((one) => one !== undefined)]),
    memberships: directory && openMembershipCopy({ directory, shards, series, first: lastChange(store), timers }),
    begin: async () => {
      if (all.length > 0 && known !== series) await store.commit([{ table: "facts", key: SERIES, value: series }]);
      begun = true;
      nudge();
    },
    nudge,
    facts: () => [...all, ...watches].map((one) => one.facts()),
    stop: async () => {
      looks?.cancel();
      for (const watch of watches) watch.stop();
      await Promise.all(all.map((one) => one.stop()));
    },
  };
}
