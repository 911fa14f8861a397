/**
 * What peers still hold of an ended epoch of ours beyond what we had of it when we opened the next one (H1, L3). Their extra events were accepted
 * once, so they enter our present log as they are, with their own stamps: whoever has them already sees repetitions, everybody else gets them.
 */

import type { Event } from "../core/event.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import { formatPoint } from "../core/position.ts";
import { epochHadOf } from "./epoch-ends.ts";
import { readEvent } from "./event-shape.ts";
import type { Packer } from "./packer.ts";
import type { TableWriter } from "./register-rows.ts";

const factOf = (epoch: number): string => `late-tail|${epoch}`;

export class LateTail {
  readonly #region: string;
  readonly #tables: TableWriter;
  readonly #packer: Packer;

  constructor(region: string, tables: TableWriter, packer: Packer) {
    this.#region = region;
    this.#tables = tables;
    this.#packer = packer;
  }

  /** The last sequence of that epoch that needs no looking at. A region that began anew, out of its peers' reach, has nothing of what it was before. */
  after(epoch: number): number {
    const stood = this.#tables.get("positions", this.#region);
    const had = epochHadOf(this.#tables, this.#region, epoch) ?? (stood?.epoch === epoch ? stood.sequence : 0);
    return Math.max(had, admittedUpTo(this.#tables, epoch));
  }

  /** One late log message; resolves when its events are in the present log. What is no event stays where it is. */
  async admit(epoch: number, sequence: number, text: string): Promise<void> {
    const raw: unknown = JSON.parse(text);
    const events = (Array.isArray(raw) ? raw : []).flatMap((one: unknown, place): readonly Event[] => {
      const read = readEvent(one, { origin: this.#region, epoch, sequence, place });
      return "event" in read ? [{ ...read.event, late: read.event.late ?? formatPoint({ epoch, sequence, place }) }] : [];
    });
    if (events.length > 0) await this.#packer.append(events);
    this.#tables.put("facts", factOf(epoch), sequence);
  }
}

function admittedUpTo(tables: TableReader, epoch: number): number {
  const sequence = tables.get("facts", factOf(epoch));
  return typeof sequence === "number" ? sequence : 0;
}
