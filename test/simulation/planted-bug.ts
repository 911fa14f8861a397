/** What a planted bug is (see planted.ts): edits of exact text, and the seeds in which they can show. */
export interface Edit {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
export interface Planted {
  readonly name: string;
  /** What goes wrong with it. */
  readonly story: string;
  readonly edits: readonly Edit[];
  /** The seeds in which there is what it breaks; absent: all. */
  readonly amongst?: { readonly first: number; readonly every: number };
}

export const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });
