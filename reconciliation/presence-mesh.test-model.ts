/** Three regions' presence boards on virtual time: beats, silence, cuts, lost news and restarts. */
import type { Presence } from "../core/objects.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { Timers } from "../core/ports/time.ts";
import { openPresence } from "./presence-exchange.ts";

const WAY_MS = 40;
const BEAT_MS = 250;
const SILENT_MS = 2_000;
const REGIONS = ["us", "eu", "ap"];

/** Every promise that can go on has gone on. */
const settle = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

class Time {
  nowMs = 1_700_000_000_000;
  #due: Due[] = [];

  after(delayMs: number, run: () => void): { cancel(): void } {
    const due = { atMs: this.nowMs + delayMs, run };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  /** The earliest thing to do; of equals the one that was asked for first. */
  #next(): Due | undefined {
    let next = this.#due[0];
    for (const due of this.#due) if (next && due.atMs < next.atMs) next = due;
    return next;
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settle();
    for (let next = this.#next(); next && next.atMs <= untilMs; next = this.#next()) {
      this.#due.splice(this.#due.indexOf(next), 1);
      this.nowMs = next.atMs;
      next.run();
      await settle();
    }
    this.nowMs = untilMs;
  }
}

type Board = ReturnType<typeof openPresence>;
interface Home {
  readonly board: Board;
  readonly heardAtMs: Map<string, number>;
  readonly cutOff: Set<string>;
  readonly told: ((peer: string, text: string) => void)[];
  answer: (peer: string, text: string) => Promise<string>;
}

export class PresenceMesh {
  readonly time = new Time();
  readonly #homes = new Map<string, Home>();
  readonly #cut = new Set<string>();
  #boots = 0;
  /** Every status ever shown to anybody, by "<region> <user>". */
  readonly shown = new Map<string, Set<string>>();
  /** Calls of onChange, by region. */
  readonly calls: { readonly region: string; readonly atMs: number; readonly changed: readonly Presence[] }[] = [];
  /** Whether a message of news gets lost on its way. */
  losesNews: (from: string, to: string) => boolean = () => false;
  readonly asked: string[] = [];

  constructor() {
    for (const region of REGIONS) this.start(region);
  }

  at(region: string): Board {
    return this.#homes.get(region)!.board;
  }
  cut(a: string, b?: string): void {
    for (const other of REGIONS) if (other !== a && (b ?? other) === other) this.#cut.add([a, other].sort().join(" "));
  }
  heal(): void {
    this.#cut.clear();
  }
  kill(region: string): void {
    this.#homes.delete(region);
  }

  start(region: string): void {
    const time = this.time;
    const boot = `boot-${++this.#boots}`;
    const told: Home["told"] = [];
    const timers: Timers = {
      after: (delayMs, run) => time.after(delayMs, run),
      every: () => {
        throw new Error("not used");
      },
      monotonicMs: () => time.nowMs,
    };
    const link = this.#link(region, told);
    const board = openPresence({ link, timers, nowMs: () => time.nowMs, boot, formerBootMs: 10_000 });
    const home: Home = { board, heardAtMs: new Map(), cutOff: new Set(), told, answer: this.#answers.get(region)! };
    this.#homes.set(region, home);
    board.onChange((changed) => {
      this.calls.push({ region, atMs: time.nowMs, changed });
      for (const { user, status } of changed) this.#note(region, user, status);
    });
    this.#beat(region, home);
  }

  #note(region: string, user: string, status: string): void {
    const key = `${region} ${user}`;
    this.shown.set(key, (this.shown.get(key) ?? new Set()).add(status));
  }

  readonly #answers = new Map<string, Home["answer"]>();
  #link(region: string, told: Home["told"]): PeerLink {
    const peers = REGIONS.filter((peer) => peer !== region);
    return {
      region,
      peers,
      follow: () => {
        throw new Error("not used");
      },
      beat: () => {},
      onBeat: () => {},
      tell: (_topic, text) => {
        for (const peer of peers)
          if (!this.losesNews(region, peer))
            this.#send(region, peer, (home) => {
              for (const hear of home.told) hear(region, text);
            });
      },
      onTold: (_topic, listener) => void told.push(listener),
      ask: (peer, _question, text, timeoutMs) =>
        new Promise((resolve, reject) => {
          this.asked.push(`${region} asks ${peer}`);
          this.time.after(timeoutMs, () => reject(new Error("no answer")));
          this.#send(region, peer, async (home) => {
            const answer = await home.answer(region, text);
            this.#send(peer, region, () => resolve(answer));
          });
        }),
      onAsked: (_question, answer) => void this.#answers.set(region, answer),
      close: async () => {},
    };
  }

  #send(from: string, to: string, deliver: (home: Home) => void): void {
    const open = () => !this.#cut.has([from, to].sort().join(" "));
    if (!open()) return;
    this.time.after(WAY_MS, () => {
      const home = this.#homes.get(to);
      if (home && open()) deliver(home);
    });
  }

  /** A beat every 250 ms; who is silent for 2 s is cut off, who is heard again heals. */
  #beat(region: string, home: Home): void {
    if (this.#homes.get(region) !== home) return;
    const fields = home.board.beatFields();
    for (const peer of REGIONS.filter((other) => other !== region)) {
      this.#send(region, peer, (other) => other.board && this.#heard(other, region, fields));
      if (this.time.nowMs - (home.heardAtMs.get(peer) ?? this.time.nowMs) >= SILENT_MS && !home.cutOff.has(peer)) {
        home.cutOff.add(peer);
        home.board.onLink(peer, "cut-off");
      }
    }
    this.time.after(BEAT_MS, () => this.#beat(region, home));
  }

  #heard(home: Home, peer: string, fields: { readonly boot: string; readonly version: number }): void {
    home.heardAtMs.set(peer, this.time.nowMs);
    if (home.cutOff.delete(peer)) home.board.onLink(peer, "healing");
    home.board.onPeerBeat(peer, fields);
  }

  /** `from` says anything at all to `to`. */
  tell(from: string, to: string, text: string): void {
    this.#send(from, to, (home) => {
      for (const hear of home.told) hear(from, text);
    });
  }

  /** What a region says of these people; notes it, as somebody who polls would. */
  says(region: string, ...users: string[]): string {
    const items = new Map(
      this.at(region)
        .who(users)
        .map((one) => [one.user, one.status]),
    );
    return users.map((user) => items.get(user) ?? "offline").join(" ");
  }
  everywhere(...users: string[]): readonly string[] {
    return [...new Set(REGIONS.filter((region) => this.#homes.has(region)).map((region) => this.says(region, ...users)))];
  }
  /** Looks every 40 ms while time passes, and notes what is seen. */
  async watch(ms: number, ...users: string[]): Promise<void> {
    for (let passed = 0; passed < ms; passed += 40) {
      for (const region of this.#homes.keys()) for (const user of users) this.#note(region, user, this.says(region, user));
      await this.time.pass(40);
    }
  }
}
