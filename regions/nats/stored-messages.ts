/** A peer's own log out of our store, for a peer that has lost it and finds no more in our mirror (L3). */
import type { LogMessage } from "../../core/ports/event-log.ts";
import type { PeerLink } from "../../core/ports/peer-link.ts";
import type { StoredLog } from "../../reconciliation/stored-log.ts";

const QUESTION = "stored-log";
const ASK_MS = 2_000;
/** Characters of one answer; a longer message comes alone. */
const ANSWER_CHARACTERS = 256 * 1024;

/** An answer is the messages after the one asked for, a line each: a line break stands in none, as their texts are canonical. */
export function answerStored(link: PeerLink, stored: (origin: string) => StoredLog): void {
  link.onAsked(QUESTION, async (peer, asked) => {
    const [epoch = 0, after = 0] = asked.split(" ").map(Number);
    if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(after) || after < 0) throw new Error("asked for no place in a log");
    const lines: string[] = [];
    let characters = 0;
    for (const { text } of stored(peer).read(epoch, after)) {
      characters += text.length;
      if (lines.length > 0 && characters > ANSWER_CHARACTERS) break;
      lines.push(text);
    }
    return lines.join("\n");
  });
}

/** Messages of our own log that follow each other after `after`; none: the peer's store holds no more. Rejects where the peer does not answer. */
export async function askStored(link: PeerLink, peer: string, epoch: number, after: number): Promise<readonly LogMessage[]> {
  const answer = await link.ask(peer, QUESTION, `${epoch} ${after}`, ASK_MS);
  return answer === "" ? [] : answer.split("\n").map((text, at) => ({ sequence: after + 1 + at, text }));
}
