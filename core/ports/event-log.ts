/** One region's own log (law L1): written by this region only, durable before the ack. An epoch is a stream of its own; sequences are never reused (H1). */
export interface LogMessage {
  /** From 1, without holes. */
  readonly sequence: number;
  /** JSON array of events in order: `[Event, …]`; an event's place is its index. */
  readonly text: string;
}

export interface EventLog {
  readonly origin: string;
  readonly epoch: number;
  /**
   * Resolves with the sequence when the message is durable in this region. A lost answer is *unknown*, not failure: the same bytes under the
   * same id are tried again until answered (H14), so the promise may take long. Rejects only when the log is closed.
   * Appending an id twice keeps one copy and gives its sequence.
   */
  append(message: { readonly id: string; readonly text: string }): Promise<number>;
  /** The last sequence known to be durable. */
  head(): number;
  /** Messages after `afterSequence` up to the head at the time of the call, oldest first. */
  read(afterSequence: number): AsyncIterable<LogMessage>;
  close(): Promise<void>;
}
