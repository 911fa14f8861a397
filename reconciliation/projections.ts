/** The stores that stand beside the embedded one, each with the projection that brings it what changes. */
import type { DirectoryStore } from "../core/ports/directory-store.ts";
import type { HistoryStore } from "../core/ports/history-store.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import type { Timers } from "../core/ports/time.ts";
import { directorySink } from "./directory-sink.ts";
import { historySink } from "./history-sink.ts";
import type { ProjectionFacts, ProjectionWatch, Sink } from "./projection.ts";
import { Projection } from "./projection.ts";

export interface ProjectionsParts {
  readonly region: string;
  readonly boot: string;
  readonly store: StateStore;
  readonly history?: HistoryStore;
  readonly directory?: DirectoryStore;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly watch: Partial<ProjectionWatch>;
}
export interface Projections {
  /** This life of the embedded store: whose numbers the changes are. */
  readonly series: string;
  /** Undefined where no history store is configured. */
  readonly history: Projection | undefined;
  /** Notes whose numbers the changes are, and begins. */
  begin(): Promise<void>;
  nudge(): void;
  facts(): readonly ProjectionFacts[];
  stop(): Promise<void>;
}

const SERIES = "series";

export function openProjections({ region, boot, store, history, directory, ...parts }: ProjectionsParts): Projections {
  const known = store.get("facts", SERIES);
  const series = typeof known === "string" ? known : boot;
  const project = (sink: Sink): Projection => new Projection({ ...parts, sink, store, series });
  const ofHistory = history === undefined ? undefined : project(historySink(history, region, store));
  const ofDirectory = directory === undefined ? undefined : project(directorySink(directory, region, store));
  const all = [ofHistory, ofDirectory].filter((one) => one !== undefined);
  let begun = false;
  const nudge = (): void => {
    if (begun) for (const one of all) one.nudge();
  };
  return {
    series,
    history: ofHistory,
    begin: async () => {
      if (all.length > 0 && known !== series) await store.commit([{ table: "facts", key: SERIES, value: series }]);
      begun = true;
      nudge();
    },
    nudge,
    facts: () => all.map((one) => one.facts()),
    stop: async () => {
      await Promise.all(all.map((one) => one.stop()));
    },
  };
}
