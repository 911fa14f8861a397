/**
 * People who use the client library as a program does: they write, change and delete what they wrote, react, and change regions while they do. What
 * the library tells them is kept as it is told (told.ts, glances.ts), to be judged when all is quiet.
 */
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { type Asked, type ChannelView, type Client, connect } from "../../gateway/client/connect.ts";
import type { MeshUnderTest } from "../e2e/atoll.ts";
import type { Random } from "../simulation/random.ts";
import { Glances } from "./glances.ts";
import { Ledger } from "./told.ts";

export interface TravellerOptions {
  readonly mesh: MeshUnderTest;
  readonly user: string;
  readonly token: string;
  readonly channel: string;
  readonly random: Random;
  /** Their program dies now and then, with what it was doing; the next one finds what nobody had answered in the outbox. */
  readonly isMortal: boolean;
}
/** One command and the states that the program which asked last was told of it, in order. */
export interface Errand {
  readonly asked: Asked;
  readonly states: string[];
  /** How often its promise was kept or broken. */
  answers: number;
  /** The program that asked has died since: nothing more is told of it, unless it is restored. */
  isLeft: boolean;
}
/** One program of theirs, until it dies. */
interface Life {
  readonly client: Client;
  readonly view: ChannelView;
  readonly ledger: Ledger;
  readonly glances: Glances;
  isOver: boolean;
}

const STAYS_MS = { from: 2_000, to: 9_000 };
const WRITES_MS = { from: 50, to: 700 };
const LOOKS_MS = 300;
/** Said in one breath, now and then: they go out without waiting for each other. */
const BREATH = 6;
/** Of their own messages they change one of so many. */
const RECENT = 3;

export class Traveller {
  readonly user: string;
  readonly errands = new Map<string, Errand>();
  /** What the library said went wrong for good, or was missing, or forgot. */
  readonly complaints: string[] = [];
  readonly #options: TravellerOptions;
  /** A mesh that is down says nothing of them. */
  readonly #regions: readonly string[];
  readonly #sockets: WebSocket[] = [];
  #life: Life;
  #outbox: string | undefined;
  /** Their own that stand, as far as they know. */
  #messages: string[] = [];
  #ended = false;
  moves = 0;
  deaths = 0;

  constructor(options: TravellerOptions) {
    this.#options = options;
    this.user = options.user;
    this.#regions = options.mesh.regions();
    this.#life = this.#begin();
  }

  get client(): Client {
    return this.#life.client;
  }
  get view(): ChannelView {
    return this.#life.view;
  }
  get ledger(): Ledger {
    return this.#life.ledger;
  }
  get glances(): Glances {
    return this.#life.glances;
  }
  get isReady(): boolean {
    return this.view.isCaughtUp;
  }
  /** "author command" of each accepted one that is told to others. */
  accepted(): readonly string[] {
    return this.#keys(({ asked }) => /accepted|replicated/.test(asked.state.is) && asked.command.kind !== "read.mark");
  }
  /** What every program of theirs must have been told since: nobody is told what their view had read. */
  owed(commands: readonly string[]): readonly string[] {
    return this.deaths === 0 ? commands : [];
  }
  retried(): readonly string[] {
    return this.#keys(({ asked }) => asked.retried);
  }

  /** Writes, travels and looks from now on. */
  setOut(): void {
    Promise.all([this.#write(), this.#travel(), this.#look()]).catch((thrown) => this.complaints.push(String(thrown)));
  }

  /** Stays where they are, and says nothing new. */
  settle(): void {
    this.#ended = true;
  }
  close(): void {
    this.#ended = true;
    this.client.close();
  }

  #begin(): Life {
    const { mesh, token, channel, random, isMortal } = this.#options;
    const sockets = this.#sockets;
    class Kept extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol);
        sockets.push(this);
      }
    }
    const outbox = {
      load: () => this.#outbox,
      save: (text: string): void => {
        if (!life.isOver) this.#outbox = text;
      },
    };
    const regions = this.#regions.map((name) => ({ name, url: mesh.url(name) }));
    const region = random.pick(this.#regions);
    const client = connect({ regions, region, token: async () => token, WebSocket: Kept, ...(isMortal ? { outbox } : {}) });
    const view = client.channel(channel, { keep: 1_000_000, page: 500 });
    const life: Life = { client, view, ledger: new Ledger(), glances: new Glances(), isOver: false };
    const complains = (words: string): void => void (life.isOver || this.#ended || this.complaints.push(words));
    client.on("event", (event) => life.isOver || life.ledger.hear(event));
    client.on("command", ({ id, state }) => life.isOver || this.errands.get(id)?.states.push(state.is));
    client.on("gap", (gaps) => complains(`a gap: ${JSON.stringify(gaps)}`));
    client.on("state", (state) => state.is === "closed" && complains(`closed: ${state.why.message}`));
    view.ready.catch((why) => complains(`no view: ${why}`));
    return life;
  }

  /** With all that it was doing; only what was in the outbox by then is left. */
  async #dies(): Promise<void> {
    const pending = [...this.errands.values()].filter(({ asked }) => asked.state.is === "pending");
    for (const errand of this.errands.values()) errand.isLeft = true;
    for (const twice of this.ledger.twice(new Set())) this.complaints.push(`told twice: ${twice}`);
    this.complaints.push(...this.glances.wrong());
    this.#life.isOver = true;
    this.client.close();
    this.deaths += 1;
    this.#life = this.#begin();
    const left = await this.client.restored;
    for (const asked of left) this.#keep(asked);
    for (const { asked } of pending) if (!left.some(({ id }) => id === asked.id)) this.complaints.push(`forgotten: ${asked.id}`);
    await this.view.ready;
  }

  #keys(which: (errand: Errand) => boolean): readonly string[] {
    return [...this.errands.values()].filter(which).map(({ asked }) => `${this.user} ${asked.id}`);
  }

  async #travel(): Promise<void> {
    const { random } = this.#options;
    for (;;) {
      await pause(random.between(STAYS_MS.from, STAYS_MS.to));
      if (this.#ended) return;
      this.moves += 1;
      if (this.#options.isMortal && random.chance(0.3)) await this.#dies();
      else if (random.chance(0.3)) this.#sockets.at(-1)?.terminate();
      else this.client.move(random.pick(this.#regions));
    }
  }

  async #look(): Promise<void> {
    for (; !this.#ended; await pause(LOOKS_MS)) if (this.isReady || this.deaths === 0) this.glances.look(this.view.messages);
  }

  async #write(): Promise<void> {
    const { random } = this.#options;
    for (; !this.#ended; await pause(random.between(WRITES_MS.from, WRITES_MS.to)))
      for (let breath = random.chance(0.2) ? BREATH : 1; breath > 0; breath -= 1) this.#say();
  }

  #say(): void {
    const { random, channel } = this.#options;
    const { client, view } = this;
    const id = `${this.user}-${this.errands.size}`;
    const kind = random.next();
    const oneOf = (messages: readonly string[]): string | undefined => (messages.length === 0 ? undefined : random.pick(messages));
    const own = oneOf(this.#messages.slice(-RECENT));
    const seen = oneOf(view.messages.slice(-RECENT).flatMap((message) => message.id ?? []));
    if (own !== undefined && kind < 0.25) {
      const heads = view.messages.find((message) => message.id === own)?.heads;
      const replaces = heads === undefined || random.chance(0.5) ? {} : { replaces: heads };
      this.#keep(client.command({ kind: "message.edit", channel, message: own, body: `changed by ${id}`, ...replaces }, { id }));
    } else if (own !== undefined && kind < 0.3) {
      this.#messages = this.#messages.filter((one) => one !== own);
      this.#keep(client.command({ kind: "message.delete", channel, message: own }, { id }));
    } else if (seen !== undefined && kind < 0.4)
      this.#keep(
        client.command({ kind: random.chance(0.7) ? "reaction.set" : "reaction.clear", channel, message: seen, emoji: "🎉" }, { id }),
      );
    else if (seen !== undefined && kind < 0.45) this.#keep(client.command({ kind: "read.mark", channel, message: seen }, { id }));
    else {
      const asked = client.command({ kind: "message.send", channel, body: `said by ${id}` }, { id });
      this.#keep(asked);
      asked.answer.then(
        (message) => this.#messages.push(message.id),
        () => {},
      );
      if (!view.messages.some(({ key }) => key === id)) this.complaints.push(`not shown at once: ${id}`);
    }
  }

  #keep(asked: Asked): void {
    const errand: Errand = { asked, states: [asked.state.is], answers: 0, isLeft: false };
    this.errands.set(asked.id, errand);
    const answered = (): void => void (errand.answers += 1);
    asked.answer.then(answered, answered);
  }
}
