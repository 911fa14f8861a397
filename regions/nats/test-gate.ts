/** The simplest gate that tests can follow a peer with. */
import type { GateAnswer } from "../../core/ports/peer-link.ts";
import type { NatsPeerLink } from "./peer-link.ts";
import type { CountedTail } from "./peer-tail.ts";

export interface Followed {
  readonly tail: CountedTail;
  readonly texts: readonly string[];
  readonly gaps: readonly (readonly [number, number])[];
}
/** Follows a peer's first epoch through a simple gate: the next sequence and nothing else. */
export function follow(link: NatsPeerLink, peer: string, after = 0): Followed {
  const texts: string[] = [];
  const gaps: [number, number][] = [];
  let position = after;
  const accept = (sequence: number, text: string): GateAnswer => {
    if (sequence <= position) return "old";
    if (sequence > position + 1) return "hole";
    position = sequence;
    texts.push(text);
    return "taken";
  };
  const gap = (from: number, to: number): void => {
    gaps.push([from, to]);
    position = to - 1;
  };
  return { tail: link.follow({ peer, epoch: 1, position: () => position, accept, gap }), texts, gaps };
}
