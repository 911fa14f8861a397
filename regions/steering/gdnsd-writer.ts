/** Keeps gdnsd's files as the policy says: written whole and renamed, only when they changed, so that gdnsd reads nothing twice and never half of one. */
import { join } from "node:path";
import type { Timers } from "../../core/ports/time.ts";
import type { Locate } from "../../geodns/client.ts";
import { gdnsdFiles } from "../../geodns/gdnsd-files.ts";
import type { World } from "../../geodns/steering.ts";
import { writeWhole } from "../mesh/folder.ts";

export interface GdnsdWriterOptions {
  readonly directory: string;
  readonly world: () => World;
  readonly locate: Locate;
  readonly timers: Timers;
  readonly failed: (error: unknown) => void;
}

const EVERY_MS = 1_000;
/** Networks are found by asking the policy hundreds of thousands of questions, so not as often as states. */
const NETS_EVERY = 10;
const TTL_S = 30;

export function writeGdnsdFiles({ directory, world, locate, timers, failed }: GdnsdWriterOptions): () => void {
  const written = new Map<string, string>();
  let turns = 0;
  const write = (name: string, text: string): void => {
    if (written.get(name) === text) return;
    writeWhole(join(directory, name), text);
    written.set(name, text);
  };
  const turn = (): void => {
    try {
      const { nets, extfile } = gdnsdFiles(world(), locate, { ttl: TTL_S, withNets: turns % NETS_EVERY === 0 });
      write("extfile", extfile);
      if (nets !== undefined) write("nets", nets);
    } catch (error) {
      failed(error);
    }
    turns += 1;
  };
  turn();
  const timer = timers.every(EVERY_MS, turn);
  return () => timer.cancel();
}
