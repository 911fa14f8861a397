/** The PeerLink of one life of a region over the simulated network. Handlers die with the life; what is on its way to a dead region is lost. */
import type { FollowOptions, PeerLink, PeerTail } from "../../core/ports/peer-link.ts";
import type { Life } from "./life.ts";
import type { Network } from "./network.ts";
import type { Roster } from "./roster.ts";

interface Endpoint {
  readonly life: Life;
  beat: ((peer: string, text: string) => void)[];
  readonly told: Map<string, ((peer: string, text: string) => void)[]>;
  readonly asked: Map<string, (peer: string, text: string) => Promise<string>>;
}

/** Who listens in which region now. */
export class Switchboard {
  readonly roster: Roster;
  readonly network: Network;
  readonly #endpoints = new Map<string, Endpoint>();

  constructor(roster: Roster, network: Network) {
    this.roster = roster;
    this.network = network;
  }

  open(region: string, life: Life): Endpoint {
    const endpoint: Endpoint = { life, beat: [], told: new Map(), asked: new Map() };
    this.#endpoints.set(region, endpoint);
    return endpoint;
  }

  /** Sends to whoever lives in `to` when it arrives, and hears `from`. */
  send(from: string, to: string, receive: (endpoint: Endpoint) => void): void {
    this.network.send(from, to, () => {
      if (!this.roster.knows(to, from)) return;
      const endpoint = this.#endpoints.get(to);
      endpoint?.life.deliver(() => receive(endpoint));
    });
  }
}

export type Follow = (options: FollowOptions) => PeerTail;

export function openPeerLink(region: string, life: Life, board: Switchboard, follow: Follow): PeerLink {
  const endpoint = board.open(region, life);
  const toAll = (receive: (endpoint: Endpoint) => void): void => {
    for (const peer of board.roster.peersOf(region)) board.send(region, peer, receive);
  };
  return {
    region,
    get peers() {
      return board.roster.peersOf(region);
    },
    follow,
    beat: (text) =>
      toAll(({ beat }) => {
        for (const hear of beat) hear(region, text);
      }),
    onBeat: (listener) => void endpoint.beat.push(listener),
    tell: (topic, text) =>
      toAll(({ told }) => {
        for (const hear of told.get(topic) ?? []) hear(region, text);
      }),
    onTold: (topic, listener) => void endpoint.told.set(topic, [...(endpoint.told.get(topic) ?? []), listener]),
    ask: (peer, question, text, timeoutMs) => ask(region, life, board, { peer, question, text, timeoutMs }),
    onAsked: (question, answer) => void endpoint.asked.set(question, answer),
    close: async () => {
      endpoint.beat = [];
      endpoint.told.clear();
      endpoint.asked.clear();
    },
  };
}

interface Question {
  readonly peer: string;
  readonly question: string;
  readonly text: string;
  readonly timeoutMs: number;
}

function ask(region: string, life: Life, board: Switchboard, { peer, question, text, timeoutMs }: Question): Promise<string> {
  return new Promise((resolve, reject) => {
    life.after(timeoutMs, () => reject(new Error(`${peer} did not answer ${question} within ${timeoutMs} ms`)));
    board.send(region, peer, ({ asked }) => {
      const answered = asked.get(question)?.(region, text);
      answered?.then(
        (answer) => board.network.send(peer, region, () => life.deliver(() => resolve(answer))),
        (failure: unknown) => board.network.send(peer, region, () => life.deliver(() => reject(failure))),
      );
    });
  });
}
