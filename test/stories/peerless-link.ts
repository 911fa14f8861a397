/** The link of a region without peers: it has nobody to tell anything, and hears of nobody. */
import type { PeerLink } from "../../core/ports/peer-link.ts";

export const PEERLESS: PeerLink = {
  region: "us",
  peers: [],
  follow: () => {
    throw new Error("there is nobody to follow");
  },
  beat: () => {},
  onBeat: () => {},
  tell: () => {},
  onTold: () => {},
  ask: () => Promise.reject(new Error("there is nobody to ask")),
  onAsked: () => {},
  close: async () => {},
};
