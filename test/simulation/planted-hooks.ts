/** Planted bugs of what is brought to webhooks (see planted.ts). */
import { HOOK_SEEDS } from "./hook-plan.ts";
import type { Planted } from "./planted-bug.ts";

const BUGS: readonly Planted[] = [
  {
    name: "hook-begins-anew",
    story: "whoever starts again begins behind all that the log holds, and not where the queue ends",
    edits: [
      {
        file: "reconciliation/webhooks/follower.ts",
        find: 'this.#taken = typeof noted === "number" ? noted : lastChange(store);',
        replace: "this.#taken = lastChange(store);",
      },
    ],
  },
  {
    name: "hook-done-before-the-answer",
    story: "an event is taken from the queue when it is sent, and not when it is answered",
    edits: [
      {
        file: "reconciliation/webhooks/lane.ts",
        find: "const outcome = await carrier.send({ url: value.url, headers, body });",
        replace:
          'this.#parts.tables.put("hookQueue", key, undefined);\n    this.#parts.wrote();\n    const outcome = await carrier.send({ url: value.url, headers, body });',
      },
    ],
  },
  {
    name: "hook-id-of-the-try",
    story: "an event that is tried again comes under another id",
    edits: [
      {
        file: "reconciliation/webhooks/lane.ts",
        find: "const { id } = waiting;",
        replace: "const id = waiting.id + String(waiting.tries);",
      },
    ],
  },
  {
    name: "hook-halt-unheard",
    story: "a region goes on bringing to a webhook that another has halted",
    edits: [
      {
        file: "core/webhooks.ts",
        find: "return said != null && said.of === webhook?.resolution.winner ? said : undefined;",
        replace: "return said != null && said.of === webhook?.resolution.winner && (halt?.entries.length ?? 0) > 1 ? said : undefined;",
      },
    ],
  },
];

export const PLANTED_HOOKS: readonly Planted[] = BUGS.map((bug) => ({ ...bug, amongst: HOOK_SEEDS }));
