/** Who is where in a document, told to the other regions; losable, as it is told again every few seconds. */
import { isPlainId } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { DocumentNews, DocumentRelay } from "../gateway/parts.ts";

const TOPIC = "documents";
/** Of many people at once. */
const MOST_CHARS = 16 * LIMITS.awarenessBytes;

export const relayDocuments = (link: PeerLink): DocumentRelay => {
  const listeners = new Set<(news: DocumentNews) => void>();
  link.onTold(TOPIC, (_peer, text) => {
    const news = readNews(text);
    if (news !== undefined) for (const listener of listeners) listener(news);
  });
  return {
    send: ({ channel, document, awareness }) => {
      const text = [channel, document ?? "", awareness === undefined ? "" : Buffer.from(awareness).toString("base64")].join("\n");
      if (text.length <= MOST_CHARS) link.tell(TOPIC, text);
    },
    onNews: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

function readNews(text: string): DocumentNews | undefined {
  const [channel = "", document = "", awareness = "", ...more] = text.split("\n");
  if (text.length > MOST_CHARS || more.length > 0 || !isPlainId(channel) || (document !== "" && !isPlainId(document))) return undefined;
  const of = { channel, document: document === "" ? null : document };
  return awareness === "" ? of : { ...of, awareness: Buffer.from(awareness, "base64") };
}
