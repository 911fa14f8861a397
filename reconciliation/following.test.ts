/** A peer's log through its epochs (H1, L3): the old one's tail first, then the new one; what nobody has any more is named. */
import { beforeEach, expect, test } from "vitest";
import type { Event, Placed } from "../core/event.ts";
import { identityOf } from "../core/identity.ts";
import type { FollowOptions, GateAnswer, PeerLink } from "../core/ports/peer-link.ts";
import type { Vector } from "../core/position.ts";
import { formatStamp } from "../core/stamp.ts";
import { Following } from "./following.ts";

const HASH = "0".repeat(32);
const RIGHT = formatStamp(1, 0, "eu");
let made = 0;
const envelope = { v: 1, rules: 1, content: HASH, said: HASH, after: {}, policy: "lww", deletes: "final" } as const;
function sent(): Event {
  const command = `c${++made}`;
  const data = { message: identityOf("message", "ana", command), body: "b", thread: null, replaces: [] };
  const said = { ...envelope, stamp: formatStamp(1_000 + made, 0, "eu"), actor: "ana", command, right: RIGHT };
  return { ...said, kind: "message.sent", channel: "a".repeat(26), data };
}
const opened = (epoch: number, sequence: number): Event => ({
  ...envelope,
  stamp: formatStamp(1_000 + ++made, 0, "eu"),
  actor: "eu",
  command: `epoch-${made}`,
  kind: "epoch.opened",
  channel: null,
  data: { previous: { epoch, sequence } },
});

/** eu, as far as anybody can still read it: per epoch the messages from the first that is left. */
class Peer {
  readonly told: string[] = [];
  readonly epochs = new Map<number, { readonly texts: string[]; first: number }>();
  readonly #follows = new Map<number, FollowOptions>();
  readonly stopped: number[] = [];
  room = true;
  /** An epoch that answers every fifth time it is asked. */
  slow = 0;
  #asked = 0;
  /** Where the one who follows stood at start. */
  applied: Vector = {};
  following!: Following;

  follow(applied: Vector = {}): void {
    this.applied = applied;
    const follow = (options: FollowOptions): ReturnType<PeerLink["follow"]> => {
      this.#follows.set(options.epoch, options);
      const stop = async (): Promise<void> => {
        this.#follows.delete(options.epoch);
        this.stopped.push(options.epoch);
      };
      return { heard: () => this.pull(options.epoch), mirrorHead: async () => 0, stop };
    };
    this.following = new Following({
      link: { follow } as unknown as PeerLink,
      peer: "eu",
      applied: () => this.applied,
      room: () => this.room,
      take: (events: readonly Placed[]) =>
        this.told.push(
          ...events.map(
            ({ position: { epoch, sequence }, event: { kind } }) => `${epoch}.${sequence}${kind === "epoch.opened" ? "!" : ""}`,
          ),
        ),
      quarantine: ({ epoch, sequence }, reason) => this.told.push(`${epoch}.${sequence}? ${reason}`),
      lost: (epoch, from, to) => this.told.push(`lost ${epoch}: (${from}, ${to})`),
    });
  }

  write(epoch: number, ...messages: readonly Event[]): void {
    const log = this.epochs.get(epoch) ?? { texts: [], first: 1 };
    this.epochs.set(epoch, log);
    log.texts.push(...messages.map((event) => JSON.stringify([event])));
  }

  pull(epoch: number): void {
    const options = this.#follows.get(epoch);
    const log = this.epochs.get(epoch);
    if (options === undefined || log === undefined) return;
    if (epoch === this.slow && ++this.#asked % 5 !== 0) return;
    if (options.position() + 1 < log.first) options.gap(options.position(), log.first);
    for (let sequence = options.position() + 1; sequence <= log.texts.length; sequence += 1) {
      const answer: GateAnswer = options.accept(sequence, log.texts[sequence - 1] ?? "");
      if (answer === "full") return;
    }
  }

  /** Beats of the present epoch, a quarter of a second each. */
  beat(times: number): void {
    const epoch = Math.max(...this.epochs.keys());
    for (let n = 0; n < times; n += 1) this.following.heard(epoch, this.epochs.get(epoch)?.texts.length ?? 0);
  }
  get followed(): readonly number[] {
    return [...this.#follows.keys()].sort((a, b) => a - b);
  }
}

let eu: Peer;
beforeEach(() => {
  eu = new Peer();
  eu.write(1, sent(), sent(), sent());
});
const QUIET = 14;

test("H1: what is left of the old epoch comes first, then the new one; the old tail is let go", () => {
  eu.follow();
  eu.write(2, opened(1, 3), sent());
  eu.beat(QUIET);
  expect(eu.told).toEqual(["1.1", "1.2", "1.3", "2.1!", "2.2"]);
  expect([eu.followed, eu.stopped]).toEqual([[2], [1]]);
  eu.write(2, sent());
  eu.beat(1);
  expect(eu.told.at(-1)).toBe("2.3");
});

test("H1: the old epoch may still bring something while the new one waits; then it waits anew", () => {
  eu.follow();
  eu.write(2, opened(1, 5));
  eu.beat(QUIET - 3);
  eu.write(1, sent(), sent());
  eu.beat(QUIET - 3);
  expect(eu.told).toEqual(["1.1", "1.2", "1.3", "1.4", "1.5"]);
  eu.beat(4);
  expect(eu.told.at(-1)).toBe("2.1!");
});

test("L3: what the old epoch held and nobody brought is named as lost, once, before the new one", () => {
  eu.follow();
  eu.write(2, opened(1, 7), sent());
  eu.beat(QUIET);
  expect(eu.told).toEqual(["1.1", "1.2", "1.3", "lost 1: (3, 8)", "2.1!", "2.2"]);
});

test("H1: epochs that were opened while nobody could hear are read in their order, whatever the numbers between them", () => {
  eu.follow();
  eu.write(4, opened(1, 3), sent());
  eu.write(5, opened(4, 2), sent());
  eu.write(812, opened(5, 2), sent());
  eu.beat(5 * QUIET);
  expect(eu.told).toEqual(["1.1", "1.2", "1.3", "4.1!", "4.2", "5.1!", "5.2", "812.1!", "812.2"]);
  expect(eu.followed).toEqual([812]);
});

test("H1: an epoch between that was slow to come is waited for as long as the first", () => {
  for (let nth = 0; nth < 5; nth += 1) {
    eu = new Peer();
    eu.slow = 4;
    eu.write(1, sent());
    eu.follow();
    eu.write(4, opened(1, 1), sent());
    eu.write(5, opened(4, 2), sent());
    eu.beat(nth + 3 * QUIET);
    expect(eu.told).toEqual(["1.1", "4.1!", "4.2", "5.1!", "5.2"]);
  }
});

test("H13, H1: while there is no room nothing is quiet: what stands in the old epoch comes first when there is room again", () => {
  eu.follow();
  eu.beat(2);
  eu.write(1, sent());
  eu.room = false;
  eu.write(2, opened(1, 4), sent());
  eu.beat(2 * QUIET);
  eu.room = true;
  eu.pull(2);
  eu.beat(2 * QUIET);
  expect(eu.told).toEqual(["1.1", "1.2", "1.3", "1.4", "2.1!", "2.2"]);
});

test("H13, H1: room that comes and goes, as while a wrong clock is witnessed, keeps no epoch from turning", () => {
  eu.follow();
  eu.write(2, opened(1, 3));
  for (let nth = 0; nth < 3 * QUIET; nth += 1) {
    eu.room = nth % 3 !== 0;
    eu.beat(1);
  }
  expect(eu.told).toEqual(["1.1", "1.2", "1.3", "2.1!"]);
});

test("L3: an epoch between that nobody has any more is named as lost, and does not stop the log", () => {
  eu.follow();
  eu.write(9, opened(4, 20), sent());
  eu.beat(3 * QUIET);
  expect(eu.told).toEqual(["1.1", "1.2", "1.3", "lost 4: (0, 21)", "9.1!", "9.2"]);
  expect(eu.followed).toEqual([9]);
});

test("H2: retention has passed us by: the messages are named as lost, the log goes on", () => {
  const log = eu.epochs.get(1);
  if (log !== undefined) log.first = 3;
  eu.follow();
  eu.beat(1);
  expect(eu.told).toEqual(["lost 1: (0, 3)", "1.3"]);
});

test("L2: a region that starts again goes on where it stood, in the epoch in which it stood", () => {
  eu.write(2, opened(1, 3), sent(), sent());
  eu.follow({ eu: { epoch: 2, sequence: 2, place: 0 } });
  eu.beat(1);
  expect([eu.told, eu.followed]).toEqual([["2.3"], [2]]);
});

test("H2: more of the new epoch than is kept beside the old one is asked for again after the turn", () => {
  eu.follow();
  eu.write(2, opened(1, 3), ...Array.from({ length: 300 }, sent));
  eu.beat(QUIET + 3);
  expect(eu.told.length).toBe(304);
  expect([eu.told[3], eu.told.at(-1)]).toEqual(["2.1!", "2.301"]);
});

test("H13: without room nothing passes and no epoch turns", () => {
  eu.follow();
  eu.room = false;
  eu.write(2, opened(1, 3));
  eu.beat(QUIET);
  expect(eu.told).toEqual([]);
  eu.room = true;
  eu.beat(QUIET);
  expect(eu.told).toEqual(["1.1", "1.2", "1.3", "2.1!"]);
});

test("A4: a peer that names ever more epochs keeps nobody busy", () => {
  eu.follow();
  for (let epoch = 500; epoch > 2; epoch -= 1) eu.write(epoch, opened(epoch - 1, 1));
  eu.beat(200);
  expect(eu.followed.length).toBeLessThan(40);
});
