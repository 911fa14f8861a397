/** What a name server has been asked and has said since it started, as its metrics show it. Counted for every message, so it is little work. */
import { RCODE, TYPE } from "./wire/constants.ts";

export interface Counted {
  readonly transport: "udp" | "tcp";
  /** "A", "HTTPS"…; "other" for types the zone has nothing of and for messages that cannot be read. */
  readonly type: string;
  readonly rcode: string;
  readonly count: number;
}

/** Counts on their way from one process to another. */
export interface DnsTally {
  /** By transport, type and rcode in one number. */
  readonly answered: readonly (readonly [key: number, count: number])[];
  readonly truncated: number;
  readonly limited: { readonly truncate: number; readonly drop: number };
  readonly unanswered: number;
}

const HEADER = 12;
const TCP = 1 << 20;
const TYPE_NAMES = new Map<number, string>(Object.entries(TYPE).map(([name, number]) => [number, name]));
const RCODE_NAMES = new Map<number, string>(Object.entries(RCODE).map(([name, number]) => [number, name]));

/** The type of the first question; 0 where there is none to be read. */
function typeIn(message: Buffer): number {
  let at = HEADER;
  while (at < message.length && message[at]! !== 0) {
    if (message[at]! > 63) return 0;
    at += message[at]! + 1;
  }
  const type = at + 2 < message.length ? (message[at + 1]! << 8) | message[at + 2]! : 0;
  return TYPE_NAMES.has(type) ? type : 0;
}

export class DnsCounts {
  readonly #answered = new Map<number, number>();
  /** Answers that said "ask by TCP": too long for this datagram, or by the rate limit. */
  truncated = 0;
  /** Queries above the rate of their network, by what became of them. */
  limited = { truncate: 0, drop: 0 };
  /** Messages that got no answer: no query at all, or above the rate. */
  unanswered = 0;

  took(message: Buffer, answer: Buffer | undefined, udp: boolean): void {
    if (answer === undefined) {
      this.unanswered += 1;
      return;
    }
    if ((answer[2]! & 0x02) !== 0) this.truncated += 1;
    const key = (udp ? 0 : TCP) | (typeIn(message) << 4) | (answer[3]! & 0x0f);
    this.#answered.set(key, (this.#answered.get(key) ?? 0) + 1);
  }

  answered(): readonly Counted[] {
    return [...this.#answered].map(([key, count]) => ({
      transport: (key & TCP) === 0 ? "udp" : "tcp",
      type: TYPE_NAMES.get((key >> 4) & 0xffff) ?? "other",
      rcode: RCODE_NAMES.get(key & 0x0f) ?? String(key & 0x0f),
      count,
    }));
  }

  /** What was counted since this was asked last, and is forgotten here: for whoever adds it to theirs. */
  taken(): DnsTally {
    const { truncated, limited, unanswered } = this;
    const tally = { answered: [...this.#answered], truncated, limited, unanswered };
    this.#answered.clear();
    this.truncated = 0;
    this.limited = { truncate: 0, drop: 0 };
    this.unanswered = 0;
    return tally;
  }
  add({ answered, truncated, limited, unanswered }: DnsTally): void {
    for (const [key, count] of answered) this.#answered.set(key, (this.#answered.get(key) ?? 0) + count);
    this.truncated += truncated;
    this.limited = { truncate: this.limited.truncate + limited.truncate, drop: this.limited.drop + limited.drop };
    this.unanswered += unanswered;
  }
}

/** Messages by UDP among them; those that got nothing have come that way too, nearly all. */
export const datagramsIn = ({ answered, unanswered }: DnsTally): number =>
  answered.reduce((sum, [key, count]) => ((key & TCP) === 0 ? sum + count : sum), unanswered);
