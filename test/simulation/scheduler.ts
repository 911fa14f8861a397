/**
 * Virtual time: one binary heap of things to do. Between two of them every promise that can go on has gone on, so the order of all that
 * happens depends on the heap alone, and a whole mesh is one deterministic function of its seed.
 */
interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** The tick queue runs only when no microtask is left: one turn of it settles every promise that can settle. */
const settle = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

export class Scheduler {
  #heap: Due[] = [];
  #order = 0;
  #nowMs = 0;
  #failure: Error | undefined;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Things done so far: two runs of one seed agree on it. */
  get steps(): number {
    return this.#order - this.#heap.length;
  }

  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run });
  }

  /** Ends the run with this failure: the first one counts. */
  fail(failure: Error): void {
    this.#failure ??= failure;
  }

  /** Runs all that is due up to `untilMs`. */
  async run(untilMs: number): Promise<void> {
    // From here on we run as a microtask, so that a turn of the tick queue comes after all others.
    await Promise.resolve();
    await settle();
    for (let due = this.#heap[0]; due !== undefined && due.atMs <= untilMs; due = this.#heap[0]) {
      this.#pop();
      this.#nowMs = due.atMs;
      due.run();
      await settle();
      if (this.#failure) throw this.#failure;
    }
    this.#nowMs = untilMs;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent]!;
      if (before(above, due)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      const below = heap[child]!;
      if (before(last, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
