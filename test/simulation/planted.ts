/**
 * Bugs planted on purpose, to prove that the simulator would find them. Each is a small edit of the program's own text, made in a copy of the
 * tree: nothing in production knows of it, and an edit that no longer fits its file fails loudly.
 */
export interface Planted {
  readonly name: string;
  /** What goes wrong with it. */
  readonly story: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const PLANTED: readonly Planted[] = [];
