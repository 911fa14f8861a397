/**
 * The shape of the one list of regions as a file may hold it, field by field; its JSON schema stands beside it (`topology.schema.json`). What
 * fits together and what does not is said by `topology-problems.ts`.
 */
import { isIP } from "node:net";
import { z } from "zod";
import { PLAIN_ID } from "../core/ids.ts";

const name = z.string().regex(PLAIN_ID, "letters, digits, - and _; at most 64");
const link = z
  .string()
  .regex(/^(nats|tls):\/\/(\[[0-9a-fA-F:]+\]|[^\s:/@[\]]+):\d{1,5}$/, "like nats://gw-1.us.example.net:7222, without user or password");

const address = z.string().refine((text) => isIP(text) !== 0, "an IPv4 or IPv6 address");

const Providers = z
  .strictObject({
    aws: z
      .strictObject({ region: z.string().min(1) })
      .optional()
      .describe("AWS region"),
    kubernetes: z
      .strictObject({ context: z.string().min(1), namespace: z.string().min(1).default("atoll") })
      .optional()
      .describe("an existing cluster, by its context"),
    hosts: z.array(z.string().min(1)).min(1).optional().describe("addresses of the region's machines, reached over SSH"),
  })
  .describe("where Terraform makes the region");

const Region = z.strictObject({
  name: name.describe("for ever: it is part of every stamp, position and stream. What people see is `displayName`"),
  displayName: z.string().min(1).max(100).optional().describe("for people"),
  index: z
    .number()
    .int()
    .min(0)
    .max(63)
    .optional()
    .describe("fixes ports and address ranges, never used for another region; the place in the list when absent"),
  url: z.url().describe("where users reach the region over HTTP"),
  ws: z.url().describe("where users reach it over WebSocket"),
  link: z.array(link).min(1).optional().describe("where other regions' gateway servers dial in"),
  peers: z
    .record(name, z.array(link).min(1))
    .optional()
    .describe("peers that are dialled from here at other addresses than their own `link`"),
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  addresses: z.array(address).min(1).max(16).exactOptional().describe("of its doors, as DNS gives them; the host of its URL when absent"),
  weight: z
    .number()
    .positive()
    .max(1_000)
    .default(1)
    .describe("share of the clients to whom several regions are equally near (within 100 km), against the weights of those regions"),
  drained: z
    .boolean()
    .default(false)
    .describe("offered to nobody while another region is up; `atoll regions drain` does the same without a change of this list"),
  retired: z
    .boolean()
    .default(false)
    .describe("removed for good: nobody dials it or is sent there; its name and index stay taken and its history stays with the peers"),
  providers: Providers.default({}),
});
const milliseconds = (least: number, most: number) => z.number().int().min(least).max(most).exactOptional();
/** What is absent is as in `STEERING`. */
const Steering = z.strictObject({
  everyMs: milliseconds(100, 60_000),
  timeoutMs: milliseconds(50, 30_000),
  rampMs: milliseconds(0, 86_400_000),
  redirectAfterMs: milliseconds(0, 86_400_000),
});
export const TopologyFile = z.strictObject({
  $schema: z.string().optional(),
  zone: z.string().min(1).max(200).describe("`gw.<zone>` is steered, `<region>.gw.<zone>` never"),
  regions: z.array(Region).min(1).max(64),
  customers: z
    .array(z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "one label of a domain name in small letters"))
    .max(100_000)
    .exactOptional()
    .describe('names of customers in the zone ("acme" -> acme.<zone>): long-lived CNAMEs to the one steered name'),
  nameServers: z
    .array(z.strictObject({ name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/), addresses: z.array(address).min(1) }))
    .min(1)
    .max(13)
    .exactOptional()
    .describe('who answers for the zone ("ns1" -> ns1.<zone>), as its parent lists them; the one that listens when absent'),
  steering: Steering.exactOptional().describe("how quickly GeoDNS follows what it sees"),
});

export type TopologyRegion = Readonly<z.infer<typeof Region>>;
export type TopologySteering = Readonly<z.infer<typeof Steering>>;

/** The list as a file may hold it, as JSON schema. */
export const topologySchema = (): object => z.toJSONSchema(TopologyFile, { io: "input", target: "draft-2020-12" });
