/** Who types where, told to the other regions; losable, as typing is. */
import type { PeerLink } from "../core/ports/peer-link.ts";
import type { TypingRelay } from "../gateway/parts.ts";

const TOPIC = "typing";

export const relayTyping = (link: PeerLink): TypingRelay => {
  const listeners = new Set<(channel: string, user: string) => void>();
  link.onTold(TOPIC, (_peer, text) => {
    const [channel, user] = text.split("\n");
    if (channel !== undefined && user !== undefined) for (const listener of listeners) listener(channel, user);
  });
  return {
    send: (channel, user) => link.tell(TOPIC, `${channel}\n${user}`),
    onTyping: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
