/** Every command in the order of the help; each in a file of its own, loaded only when it is the one that was asked for. */
import type { Define } from "./define.ts";

export interface Listed {
  readonly name: string;
  readonly about: string;
  readonly load: () => Promise<{ readonly define: Define }>;
}

export const COMMANDS: readonly { readonly group: string; readonly commands: readonly Listed[] }[] = [
  {
    group: "A mesh on this machine:",
    commands: [
      { name: "up", about: "start a mesh of three regions (or those you name)", load: () => import("./up.ts") },
      { name: "down", about: "stop it; its data stay", load: () => import("./down.ts") },
      { name: "status", about: "regions, links, lag, sync state, clocks, connections", load: () => import("./status.ts") },
      { name: "token", about: "make a token that a user signs in with", load: () => import("./token.ts") },
    ],
  },
  {
    group: "Break it, and see:",
    commands: [
      { name: "cut", about: "cut a region off from all others, or from one", load: () => import("./cut.ts") },
      { name: "heal", about: "let cut regions see each other again", load: () => import("./heal.ts") },
      { name: "kill", about: "kill -9 everything of a region; its disks stay", load: () => import("./kill.ts") },
      { name: "start", about: "start a killed region again", load: () => import("./start.ts") },
      { name: "play", about: "play recorded chat through the mesh and account for every message", load: () => import("./play.ts") },
      { name: "drill", about: "rehearse a partition on a running mesh, with a time limit", load: () => import("./drill.ts") },
    ],
  },
  {
    group: "Ask it for proof:",
    commands: [
      { name: "verify", about: "compare the state of every region, live; name what differs", load: () => import("./verify.ts") },
      {
        name: "conflicts",
        about: "what was decided between regions that disagreed, and by which rule",
        load: () => import("./conflicts.ts"),
      },
      { name: "audit", about: "check, export or replay the conflict log", load: () => import("./audit.ts") },
      {
        name: "webhooks",
        about: "what bots of a channel are told, whether they take it; test and resume",
        load: () => import("./webhooks.ts"),
      },
      { name: "regions", about: "which region a client is sent to, and why; add, remove, drain one", load: () => import("./regions.ts") },
    ],
  },
  {
    group: "Run it:",
    commands: [
      { name: "serve", about: "run one region's process, told by its environment", load: () => import("./serve.ts") },
      {
        name: "stores",
        about: "how far Cassandra and the others have come, how they are read, what to repair",
        load: () => import("./stores.ts"),
      },
      { name: "migrate", about: "bring a region's Cassandra to the tables of this version", load: () => import("./migrate.ts") },
      { name: "config", about: "check, print or document the configuration", load: () => import("./config.ts") },
      { name: "keys", about: "make the keys and certificates that regions sign in with", load: () => import("./keys.ts") },
      { name: "doctor", about: "what is installed, what is missing, and what mends it", load: () => import("./doctor.ts") },
    ],
  },
];
