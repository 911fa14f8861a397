/** Which parts of a region a process is, and where it finds the others. */
import { z } from "zod";
import type { Share } from "../core/share.ts";
import type { Problem } from "./problem.ts";
import { list, text } from "./setting-texts.ts";

const ROLES = ["gateway", "reconciler", "webhooks", "geodns"] as const;

export const ROLE_SETTINGS = {
  ATOLL_ROLES: list
    .pipe(z.array(z.enum(ROLES)).min(1))
    .default([...ROLES])
    .describe(`what this process does, by comma: ${ROLES.join(", ")}`),
  ATOLL_RECONCILER_URL: z
    .url({ protocol: /^https?$/, error: "is http://host:port of the region's process of role reconciler" })
    .optional()
    .describe("where this region's reconciler is, http://host:port: needed by a process of role gateway without it"),
  ATOLL_RECONCILER_SHARE: text
    .regex(/^[1-9]\d?\/[1-9]\d?$/, "is nth/of, like 2/3")
    .default("1/1")
    .describe(
      "which share of the channels a reconciler brings into Cassandra and MongoDB; the first of a region decides besides, and the others read its data folder",
    ),
  ATOLL_GATEWAY_NAME: text
    .regex(/^[\w.-]{1,64}$/, "letters, digits, ., - and _; at most 64")
    .optional()
    .describe("what a gateway process calls itself towards its reconciler, in logs and metrics; its host's name when absent"),
};
const RoleSettings = z.object(ROLE_SETTINGS);
type RoleConfig = Readonly<z.infer<typeof RoleSettings>>;

export function shareOf({ ATOLL_RECONCILER_SHARE }: Pick<RoleConfig, "ATOLL_RECONCILER_SHARE">): Share {
  const [nth = 1, of = 1] = ATOLL_RECONCILER_SHARE.split("/").map(Number);
  return { nth, of };
}

export function unfitRoles(config: RoleConfig): readonly Problem[] {
  const { ATOLL_ROLES: roles, ATOLL_RECONCILER_URL: reconciler } = config;
  const { nth, of } = shareOf(config);
  const problems: Problem[] = [];
  if (nth > of) problems.push({ key: "ATOLL_RECONCILER_SHARE", problem: `names share ${nth} of ${of}`, mend: `1/${of} to ${of}/${of}` });
  if (!roles.includes("gateway") && !roles.includes("reconciler"))
    problems.push({
      key: "ATOLL_ROLES",
      problem: `${roles.join()} is part of a gateway's or a reconciler's process`,
      mend: "add one of them, or set geodns alone",
    });
  if (roles.includes("webhooks") && !roles.includes("reconciler") && roles.includes("gateway"))
    problems.push({
      key: "ATOLL_ROLES",
      problem: "webhooks are brought by the reconciler's process",
      mend: "leave webhooks out here, or add reconciler",
    });
  if (roles.includes("gateway") && !roles.includes("reconciler") && reconciler === undefined)
    problems.push({
      key: "ATOLL_RECONCILER_URL",
      problem: "is missing: a gateway without a reconciler in its own process must be told where it is",
      mend: "set it to http://host:port of the region's reconciler, or add reconciler to ATOLL_ROLES",
    });
  if (roles.includes("reconciler") && reconciler !== undefined)
    problems.push({
      key: "ATOLL_RECONCILER_URL",
      problem: "names another reconciler than this process",
      mend: "leave it out, or set ATOLL_ROLES=gateway",
    });
  return problems;
}
