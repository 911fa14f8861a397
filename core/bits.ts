/** Sets of small whole numbers, as bits: pasts of long registers are unions of such sets, taken 32 members a step. */
export class Bits {
  readonly #words: Uint32Array;

  /** Holds members 0 … size - 1; empty at first. */
  constructor(size: number) {
    this.#words = new Uint32Array((size + 31) >>> 5);
  }

  has(member: number): boolean {
    return (((this.#words[member >>> 5] ?? 0) >>> (member & 31)) & 1) === 1;
  }

  add(member: number): void {
    const word = member >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (member & 31));
  }

  addAll(other: Bits): void {
    for (let word = 0; word < this.#words.length; word += 1) this.#words[word] = (this.#words[word] ?? 0) | (other.#words[word] ?? 0);
  }
}

/**
 * What each node of a graph reaches by following edges; itself only over a cycle. A node's set is the union of its targets' sets, so a
 * graph without cycles costs one union an edge; nodes that lead into a cycle (no honest author makes one) are walked one by one.
 */
export function reachOf(edges: readonly (readonly number[])[]): readonly Bits[] {
  const reach = edges.map(() => new Bits(edges.length));
  const left = edges.map((targets) => targets.length);
  const sources: number[][] = edges.map(() => []);
  for (const [node, targets] of edges.entries()) for (const target of targets) sources[target]?.push(node);
  const ready = left.flatMap((count, node) => (count === 0 ? [node] : []));
  for (const node of ready) {
    for (const target of edges[node] ?? []) unite(reach[node], target, reach[target]);
    for (const source of sources[node] ?? []) {
      left[source] = (left[source] ?? 0) - 1;
      if (left[source] === 0) ready.push(source);
    }
  }
  for (const [node, count] of left.entries()) if (count > 0) walk(node, edges, reach[node]);
  return reach;
}

function unite(into: Bits | undefined, target: number, beyond: Bits | undefined): void {
  into?.add(target);
  if (beyond !== undefined) into?.addAll(beyond);
}

function walk(from: number, edges: readonly (readonly number[])[], found: Bits | undefined): void {
  const waiting = [...(edges[from] ?? [])];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (found?.has(node)) continue;
    found?.add(node);
    waiting.push(...(edges[node] ?? []));
  }
}
