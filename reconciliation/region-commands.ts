/** The road of commands into a region's own log: decided against its state, stamped, packed into messages of the log, applied when they are durable. */

import type { Reader } from "../core/ports/reader.ts";
import { webhookSecrets } from "../core/webhooks.ts";
import { writesOf } from "../core/writes.ts";
import { CommandAcceptor } from "./acceptor.ts";
import { closedDoor } from "./closed-door.ts";
import { isPast } from "./closed-times.ts";
import { recallCommand } from "./command-rows.ts";
import { OwnTail } from "./own-log.ts";
import { Packer } from "./packer.ts";
import { answerOf } from "./read/answers.ts";
import type { RegionPeers } from "./region-peers.ts";
import type { RegionPorts } from "./region-ports.ts";
import type { RegionState } from "./region-state.ts";
import type { ContentKeys } from "./stamping.ts";
import { unfitUrlOf } from "./webhooks/hooks.ts";

export interface OwnLog {
  readonly packer: Packer;
  /** What stands in the log that this life did not write. */
  readonly behind: OwnTail;
}

export function openOwnLog({ region, log, boot, timers, watch = {} }: RegionPorts, { replica, clock, own }: RegionState): OwnLog {
  const behind = new OwnTail(log, replica, clock, own);
  const packer = new Packer({
    log,
    life: boot,
    take: (sequence, events, texts) => {
      if (!behind.reaches(sequence - 1)) return behind.readOn();
      const startedMs = timers.monotonicMs();
      replica.applyMessage(region, log.epoch, sequence, events, texts);
      watch.took?.(region, events.length, timers.monotonicMs() - startedMs);
      return undefined;
    },
  });
  return { packer, behind };
}

export interface CommandsParts {
  readonly ports: RegionPorts;
  readonly state: RegionState;
  readonly packer: Packer;
  readonly reader: Reader;
  readonly keys: ContentKeys;
  /** Those that the region lives with; asked for when a command comes. */
  readonly peers: () => RegionPeers;
  readonly draining: () => boolean;
}

export function openAcceptor({ ports, state, packer, reader, keys, peers, draining }: CommandsParts): CommandAcceptor {
  const { region, log, timers, secret, webhooks } = ports;
  const { tables, replica, clock, committer } = state;
  const secretOf = webhookSecrets(secret);
  return new CommandAcceptor({
    region,
    clock,
    packer,
    keys,
    timers,
    view: replica.view,
    remembered: (key) => recallCommand(tables, key),
    writtenBy: (event) => writesOf(event, { origin: region, epoch: 0, sequence: 0, place: 0 }, "").map(({ key }) => key),
    answer: (event) => answerOf(event, reader.shownChannel, secretOf),
    ...unfitUrlOf(webhooks),
    isPast: (stamp) => isPast(stamp, { region, epoch: log.epoch, followed: peers().follows, links: peers().links }),
    closed: () => closedDoor(draining(), committer),
  });
}
