/**
 * The configuration of a region's two tiers of servers (ADR "two tiers a region"): a JetStream tier with a domain of its own and no gateway, so
 * that nothing in it ever waits for another region; and a gateway tier without JetStream, which joins the regions and holds the walls.
 */
import { canSyncAlways, type ServerVersion } from "./server-version.ts";

export interface RegionServers {
  readonly region: string;
  readonly version: ServerVersion;
  /** Letters and digits: they stand in URLs and in the configuration. */
  readonly secrets: {
    readonly app: string;
    readonly mesh: string;
    /** Of the whole mesh: who joins its gateways must know it. */
    readonly link: string;
  };
  readonly jetStream: { readonly port: number; readonly monitorPort: number; readonly storeDir: string };
  readonly gateway: {
    readonly port: number;
    readonly monitorPort: number;
    readonly leafPort: number;
    readonly gatewayPort: number;
    /** "host:port" under which peers reach the gateway when it is not its own port: a proxy that can cut the link. */
    readonly advertise?: string;
  };
  /** Without user and password: those are the mesh's. */
  readonly peers: readonly { readonly region: string; readonly url: string }[];
}

/** Name and account of the region's own programs on the JetStream tier. */
export const APP_USER = "app";
const MESH_USER = "mesh";
const LINK_USER = "link";
const HOST = "127.0.0.1";

/** A dead link is noticed in seconds, and a peer that reads too slowly cannot hold a server up. */
const PATIENCE = `ping_interval: "5s"
ping_max: 2
write_deadline: "5s"`;

export function jetStreamTier(servers: RegionServers): string {
  const { region, version, jetStream, gateway } = servers;
  const secrets = checked(servers);
  const sync = canSyncAlways(version) ? "\n  sync_interval: always" : "";
  return `# JetStream tier of region ${region}: log and mirrors. Rendered for nats-server ${version.text}; changes here are overwritten.
server_name: ${quoted(`${region}-js-1`)}
listen: "${HOST}:${jetStream.port}"
http: "${HOST}:${jetStream.monitorPort}"
${PATIENCE}
jetstream {
  domain: ${quoted(region)}
  store_dir: ${quoted(jetStream.storeDir)}${sync}
}
accounts {
  ${quoted(`SYS_${region}`)} {}
  APP { jetstream: enabled, users: [{ user: ${APP_USER}, password: ${quoted(secrets.app)} }] }
}
system_account: ${quoted(`SYS_${region}`)}
leafnodes { remotes: [{ urls: ["nats-leaf://${MESH_USER}:${secrets.mesh}@${HOST}:${gateway.leafPort}"], account: APP }] }
`;
}

/**
 * A server does not take another list of gateways while it runs (its reload refuses); but it takes in whoever knows the mesh's secret and dials it,
 * and tells the others. So a region more needs no restart of anybody: it dials all, and they dial back, as often as it takes. The list here is
 * what a server starts with.
 */
export function gatewayTier(servers: RegionServers): string {
  const { region, version, gateway, peers } = servers;
  const secrets = checked(servers);
  const advertise = gateway.advertise ? `\n  advertise: ${quoted(gateway.advertise)}` : "";
  const gateways = peers.map((peer) => `{ name: ${quoted(peer.region)}, urls: [${quoted(withUser(peer.url, secrets.link))}] }`).join(", ");
  return `# Gateway tier of region ${region}: the links to the peers. Rendered for nats-server ${version.text}; changes here are overwritten.
server_name: ${quoted(`${region}-gw-1`)}
listen: "${HOST}:${gateway.port}"
http: "${HOST}:${gateway.monitorPort}"
${PATIENCE}
gateway {
  name: ${quoted(region)}
  listen: "${HOST}:${gateway.gatewayPort}"${advertise}
  authorization { user: ${LINK_USER}, password: ${quoted(secrets.link)} }
  connect_retries: 1000000
  gateways: [${gateways}]
}
leafnodes { listen: "${HOST}:${gateway.leafPort}" }
accounts {
  ${quoted(`SYS_${region}`)} {}
  MESH { users: [{ user: ${MESH_USER}, password: ${quoted(secrets.mesh)}, permissions: {
    publish: ">"
    subscribe: { allow: [
      ${admitted(region).map(quoted).join("\n      ")}
    ] }
  } }] }
}
system_account: ${quoted(`SYS_${region}`)}
`;
}

/**
 * All that other regions can make happen in this one: read its streams, talk and ask. A stream's name is one token of these subjects and holds the
 * epoch, so a wildcard stands for it: peers may also read our mirrors of others, which they hold themselves. Nothing here changes or removes a stream.
 */
export const admitted = (region: string): readonly string[] => [
  `$JS.${region}.API.STREAM.INFO.*`,
  `$JS.${region}.API.CONSUMER.CREATE.*`,
  `$JS.${region}.API.CONSUMER.CREATE.*.>`,
  `$JS.${region}.API.CONSUMER.MSG.NEXT.*.>`,
  `$JS.${region}.API.CONSUMER.DELETE.*.>`,
  // Flow control and replies of mirrors, answers to our own requests, mirrored messages.
  "$JS.FC.>",
  "$JSC.R.>",
  "_INBOX.>",
  `deliver.${region}.>`,
  "hb.>",
  "tell.>",
  `rpc.${region}.>`,
];

const withUser = (url: string, secret: string): string => url.replace("://", `://${LINK_USER}:${secret}@`);
const quoted = (text: string): string => JSON.stringify(text);

function checked({ secrets }: RegionServers): RegionServers["secrets"] {
  for (const secret of [secrets.app, secrets.mesh, secrets.link]) {
    if (!/^[A-Za-z0-9]{8,}$/.test(secret)) throw new Error("a NATS secret must be at least eight letters and digits");
  }
  return secrets;
}
