/**
 * The question for a peer's whole list of who is there, and the answer to it (P4, H12): "the same", or the list page by page, as of the first page's
 * version. What changes while it is read is told meanwhile.
 */
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { OwnPresence } from "./presence-own.ts";
import { type Change, readListAsk, readListPage, type Told } from "./presence-words.ts";

const QUESTION = "presence-list";

/** What is held of the peer's list already. */
export interface HeldList {
  readonly boot: string | undefined;
  readonly version: number;
}

/** "same" where the peer has nothing else than what is held; rejects where it gives no list. */
export async function askForList(link: PeerLink, peer: string, held: HeldList, timeoutMs: number): Promise<Told | "same"> {
  const { boot = "", version } = held;
  const users: Change[] = [];
  let after = "";
  let first: { readonly boot: string; readonly version: number } | undefined;
  do {
    const page = readListPage(await link.ask(peer, QUESTION, JSON.stringify({ boot, version, after }), timeoutMs));
    if (!page || (first && page.boot !== first.boot)) throw new Error(`${peer} gave no list of who is there`);
    if (page.same) return "same";
    first ??= page;
    users.push(...page.users);
    after = page.next;
  } while (after !== "");
  return { boot: first.boot, version: first.version, changes: users };
}

/** `tellNews`: called before each answer, as a list is of a version that has been told. */
export function answerForList(link: PeerLink, own: OwnPresence, tellNews: () => void): void {
  link.onAsked(QUESTION, async (_peer, raw) => {
    const asked = readListAsk(raw);
    if (!asked) throw new Error("not a question about who is there");
    tellNews();
    const { boot, version } = own;
    const same = asked.after === "" && asked.boot === boot && asked.version === version;
    return JSON.stringify(same ? { boot, version, same, users: [], next: "" } : own.page(asked.after));
  });
}
