/** Bodies of the writes: the one source of what HTTP and the socket accept. */
import { z } from "zod";
import { LIMITS } from "../../core/limits.ts";
import { HOOKED_KINDS } from "../../core/webhooks.ts";
import { anyId, body, deletes, metadata, name, plainId, policy, role, stamp, text, topic } from "./text.ts";

export const newMember = z.union([plainId, z.object({ user: plainId, role: role.default("member") })]);
export const channelFields = {
  name,
  topic: topic.exactOptional(),
  policy: policy.exactOptional(),
  deletes: deletes.exactOptional(),
  members: z.array(newMember).max(LIMITS.membersAtCreation).exactOptional(),
};
export const ChannelCreate = z.object({ id: plainId.exactOptional().describe("an alias that finds the channel too"), ...channelFields });
export const channelChanges = {
  name: name.exactOptional(),
  topic: topic.exactOptional(),
  policy: policy.exactOptional(),
  deletes: deletes.exactOptional(),
};
export const changesSomething = (change: object): boolean =>
  ["name", "topic", "policy", "deletes"].some((field) => Object.hasOwn(change, field));
export const ChannelChange = z.object(channelChanges).refine(changesSomething, "one of name, topic, policy, deletes is needed");

export const MemberSet = z.object({ role: role.exactOptional() });
export const MessageSend = z.object({ body, thread: anyId.nullable().exactOptional(), metadata: metadata.exactOptional() });
export const MessageEdit = z.object({
  body,
  metadata: metadata.exactOptional(),
  replaces: z.array(stamp).max(1_000).exactOptional().describe("the versions the author saw; default: all heads known here"),
});
export const ReadMark = z.object({ message: anyId });

const hookFields = {
  events: z
    .array(z.enum(HOOKED_KINDS))
    .min(1)
    .max(HOOKED_KINDS.length)
    .nullable()
    .exactOptional()
    .describe("kinds of events it is told; null: all of these"),
  enabled: z.boolean().exactOptional(),
  name: name.nullable().exactOptional(),
};
const url = text(LIMITS.webhookUrlBytes).describe("https, a public name, port 443 or 8443");
export const WebhookCreate = z.object({ url, ...hookFields });
export const webhookChanges = { url: url.exactOptional(), ...hookFields };
export const WebhookChange = z
  .object(webhookChanges)
  .refine(
    (change) => Object.keys(webhookChanges).some((field) => Object.hasOwn(change, field)),
    "one of url, events, enabled, name is needed",
  );

const profileText = text(LIMITS.nameBytes).nullable().exactOptional();
export const ProfileChange = z
  .object({ displayName: profileText, avatar: text(LIMITS.topicBytes).nullable().exactOptional() })
  .refine((change) => "displayName" in change || "avatar" in change, "one of displayName, avatar is needed");

export const ConflictRestore = z.object({ version: stamp });
export const Nothing = z.object({});

const previewValue = text(LIMITS.bodyBytes).nullable();
export const ConflictPreview = z.object({
  base: previewValue.describe("the text both sides saw"),
  versions: z
    .array(z.object({ stamp, value: previewValue, kind: z.string().exactOptional(), distrusted: z.boolean().exactOptional() }))
    .min(1)
    .max(100)
    .refine((versions) => new Set(versions.map((version) => version.stamp)).size === versions.length, "two versions have one stamp"),
  deletes: deletes.exactOptional().describe("the channel's rule; default: final"),
});
