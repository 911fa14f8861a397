/** Messages as Ana sent them and nobody has touched them since: what history stores are given in tests and measurements. */
import type { MessageWrite, ShownMessage } from "./history-store.ts";

/** `version`: its only one, so the stamp of its birth too. */
export const shownAsSent = (version: string, body: string): ShownMessage => ({
  author: "ana",
  body,
  thread: null,
  editedAt: null,
  deleted: false,
  version,
  heads: [version],
  reactions: {},
  conflict: null,
});

export interface SentMessage {
  readonly channel: string;
  readonly message: string;
  readonly born: string;
  readonly body: string;
  /** Of the word that its region gives of it. */
  readonly revision?: number;
}
export const writtenAsSent = ({ channel, message, born, body, revision = 1 }: SentMessage): MessageWrite => ({
  ...{ channel, message, born },
  shown: shownAsSent(born, body),
  hidden: [],
  formerly: [],
  word: { newest: born, events: 1, revision },
});
