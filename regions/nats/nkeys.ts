/** Key pairs that NATS users sign in with: the public half stands in a server's configuration, the seed only where it is used. */
import { nkeys } from "nats";

export interface UserKeys {
  /** "U…" */
  readonly public: string;
  /** "SU…": a secret. */
  readonly seed: string;
}

export function newUserKeys(): UserKeys {
  const pair = nkeys.createUser();
  return { public: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) };
}

/** The public half of a seed. */
export const publicOf = (seed: string): string => nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
