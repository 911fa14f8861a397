/** What a region can do towards its peers: follow their logs, send beats, ask questions. Everything may be late, repeated or lost; nothing that matters rides on it alone. */

/** What the gate did with a message: took it; had it already; or missed one before it. */
export type GateAnswer = "taken" | "old" | "hole" | "full";

/** Follows one epoch of one peer's log by mirror and pull (PeerTail). Messages reach `accept` repeated and late; never reordered by the gate's doing. */
export interface PeerTail {
  /** The peer's own word about the head of its log (from a beat); decides when to pull. */
  heard(head: number): void;
  /** Last sequence that the local mirror holds. */
  mirrorHead(): Promise<number>;
  stop(): Promise<void>;
}
/** Whose log is followed, and the gate before which it is taken in order. */
export interface FollowOptions {
  readonly peer: string;
  readonly epoch: number;
  /** The sequence after which the gate waits, asked again at each pull. */
  readonly position: () => number;
  readonly accept: (sequence: number, text: string) => GateAnswer;
  /** Retention or a lost stream has passed us by: messages after `from` up to before `to` cannot be had from this peer. */
  readonly gap: (from: number, to: number) => void;
}

/** The links of one region to all its peers. */
export interface PeerLink {
  readonly region: string;
  readonly peers: readonly string[];
  follow(options: FollowOptions): PeerTail;
  /** Sends this region's beat to all peers; fire and forget. */
  beat(text: string): void;
  onBeat(listener: (peer: string, text: string) => void): void;
  /** Small, frequent, losable news to all peers (presence changes, typing). */
  tell(topic: string, text: string): void;
  onTold(topic: string, listener: (peer: string, text: string) => void): void;
  /** Asks one peer; rejects after `timeoutMs`. */
  ask(peer: string, question: string, text: string, timeoutMs: number): Promise<string>;
  /** Answers peers' questions of that name. */
  onAsked(question: string, answer: (peer: string, text: string) => Promise<string>): void;
  close(): Promise<void>;
}
