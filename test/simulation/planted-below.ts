/** Planted bugs of the language, the reconciliation and the disks beneath (see planted.ts). */
import { DOCUMENT_SEEDS } from "./plan.ts";
import { edit, type Planted } from "./planted-bug.ts";

export const PLANTED_BELOW: readonly Planted[] = [
  {
    name: "empty-store-answers",
    story: "a region whose store was lost answers before it knows again what it knew",
    edits: [
      edit(
        "reconciliation/refill.ts",
        "return this.#waiting.length === 0 ? undefined : this.#progress();",
        "return this.#waiting.length < 99 ? undefined : this.#progress();",
      ),
    ],
  },
  {
    name: "lives-share-stamps",
    story: "a life begins where the one before began, whose message is still on its way to the log",
    edits: [
      edit("reconciliation/own-clock.ts", 'greater(this.#aboveClosed(highest), this.#fact("lease"))', "this.#aboveClosed(highest)"),
      edit("reconciliation/own-clock.ts", "(before + 1) % LIVES", "before"),
    ],
  },
  {
    name: "ack-before-durable",
    story: "the log answers before the message is on the disk",
    edits: [
      edit(
        "test/simulation/log-server.ts",
        "    this.#writing.push(writing);\n    this.#scheduler.after(0.3 +",
        "    writing.answer(this.epoch(epoch).texts.length + this.#writing.length + 1);\n    this.#writing.push(writing);\n    this.#scheduler.after(60 +",
      ),
    ],
  },
  {
    name: "wall-clock-order",
    story: "stamps are the wall clock's, also where that lies behind what has been seen",
    edits: [edit("core/stamp.ts", "if (nowMs > this.#timeMs) {", "if (nowMs !== this.#timeMs) {")],
  },
  {
    name: "missing-tie-break",
    story: "of two stamps of one millisecond and counter the region does not decide",
    edits: [edit("core/judge.ts", "(a.stamp > b.stamp ? a : b)", "(a.stamp.slice(0, 17) >= b.stamp.slice(0, 17) ? a : b)")],
  },
  {
    name: "dropped-tombstone",
    story: "a deleted message's register is thrown away",
    edits: [
      edit(
        "reconciliation/register-rows.ts",
        'tables.put("registers", after.key, after);',
        'tables.put("registers", after.key, after.entries.some(({ kind }) => kind === "deleted") ? undefined : after);',
      ),
    ],
  },
  {
    name: "resurrected-delete",
    story: "a late edit with a greater stamp wins over a final delete",
    edits: [edit("core/judge.ts", 'kind === "body" && final ?', 'kind === "body" && final && candidates.length > 99 ?')],
  },
  {
    name: "applied-twice-after-crash",
    story: "the replay after a crash begins at the start and nothing stops what had been applied",
    edits: [
      edit("reconciliation/own-log.ts", "after: stood.epoch === log.epoch ? stood.sequence : 0,", "after: 0,"),
      edit("reconciliation/own-log.ts", "log.read(gate.position)", "log.read(0)"),
      edit(
        "reconciliation/replica.ts",
        "const { position, event } = placed;\n    if (covers(this.#vector, position.origin, position)) return;",
        "const { position, event } = placed;",
      ),
    ],
  },
  {
    name: "cursor-past-a-gap",
    story: "the gate lets a message pass although the one before it is missing",
    edits: [edit("reconciliation/gate.ts", "sequence === this.#position + 1 && this.#open", "sequence > this.#position && this.#open")],
  },
  {
    name: "position-without-state",
    story: "positions reach the disk before the state they stand for",
    edits: [
      edit(
        "reconciliation/working-set.ts",
        "await this.#store.commit(writesOf(layer));",
        'await this.#store.commit(writesOf(layer).filter(({ table }) => table === "positions"));\n      await this.#store.commit(writesOf(layer).filter(({ table }) => table !== "positions"));',
      ),
    ],
  },
  {
    name: "refused-commit-forgotten",
    story: "rows that the full disk refused are not tried again",
    edits: [
      edit(
        "reconciliation/working-set.ts",
        "      this.#fresh = layer;\n      this.#freshRows = [...layer.values()].reduce((sum, rows) => sum + rows.size, 0);\n",
        "",
      ),
    ],
  },
  {
    name: "stamp-drag",
    story: "a clock an hour ahead drags all others with it",
    edits: [edit("core/stamp.ts", "if (timeMs - this.#physical.nowMs() > this.#boundMs) return false;", "")],
  },
  {
    name: "ancestor-as-conflict",
    story: "only what a version itself names counts as known: grandparents are in conflict",
    edits: [
      edit(
        "core/conflict-records.ts",
        "function parted(a: Known, b: Known): boolean {",
        "function parted(a: Known, b: Known): boolean {\n  const names = (one: Known, other: Known): boolean => one.version.twins.some(({ replaces }) => replaces.includes(other.version.stamp));\n  if (!names(a, b) && !names(b, a)) return true;",
      ),
    ],
  },
  {
    name: "conflict-by-arrival",
    story: "a version that comes late and is older than what is shown is no conflict",
    edits: [
      edit(
        "core/register-apply.ts",
        "  const next = judgement.standing(entry)",
        '  if (entry.stamp < (register.resolution.winner ?? "")) return { ...joined, resolution: register.resolution };\n  const next = judgement.standing(entry)',
      ),
    ],
  },
  {
    name: "last-message-overlooked",
    story: "what a killed life had on its way to the log stands there and is never read",
    edits: [edit("reconciliation/own-log.ts", "return sequence <= 0 ||", "return sequence >= 0 ||")],
  },
  {
    name: "closed-time-too-early",
    story: "time is called closed although events with older stamps are on their way to the log",
    edits: [
      edit("reconciliation/packer.ts", "return oldest === undefined ? nowMs : Math.min(nowMs, stampTimeMs(oldest) - 1);", "return nowMs;"),
    ],
  },
  {
    name: "closed-time-forgotten",
    story: "a life does not know what the one before it has called closed",
    edits: [edit("reconciliation/own-clock.ts", "return greater(stamp, this.closed);", "return stamp;")],
  },
  {
    name: "witness-without-majority",
    story: "one region's word is enough to distrust another",
    edits: [edit("core/distrust.ts", ".size * 2 > of", ".size * 2 > 0")],
  },
  {
    name: "merge-of-one-side",
    story: "a merged text is what the last of its authors said alone",
    edits: [edit("core/judge.ts", "textOf?.(candidates)", "textOf?.([winner])")],
  },
  {
    name: "update-against-the-send",
    story: "an edit's update says how it changes the message as it was sent, not what its author saw",
    edits: [
      edit(
        "core/commands/text-change.ts",
        "const pieces = piecesOf(shown, past)",
        "const pieces = piecesOf(versions.all.slice(0, 1), past)",
      ),
    ],
  },
  {
    name: "late-witness-ignored",
    story: "a stretch that is distrusted later does not turn the verdicts that stand",
    edits: [
      edit(
        "reconciliation/replica.ts",
        'const contested = [...this.#parts.tables.range("contested", { from: "", to: "\\u{7f}" })].map(([key]) => key);',
        "const contested: string[] = [];",
      ),
    ],
  },
  {
    name: "verdict-by-todays-policy",
    story: "whether a delete is final is judged by the policy in force when it arrives",
    edits: [
      edit(
        "reconciliation/replica.ts",
        "writesOf(event, position, hash)",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the planted text is a template
        'writesOf({ ...event, deletes: this.#parts.tables.get("registers", `${event.channel}|deletes`)?.resolution.value ?? event.deletes }, position, hash)',
      ),
    ],
  },
  {
    name: "twin-told-twice",
    story: "the same command accepted in two regions is told twice",
    edits: [edit("reconciliation/replica.ts", "let silent = writes.length > 0;", "let silent = false;")],
  },
  {
    name: "author-order-lost",
    story: "commands of one author do not wait for each other",
    edits: [edit("reconciliation/acceptor.ts", "if (last !== undefined) await patience.until(last, notTaken);", "")],
  },
  {
    name: "command-forgotten",
    story: "a repeated command is taken for a new one",
    edits: [edit("reconciliation/command-rows.ts", "if (known === undefined || event.stamp < known.stamp)", 'if (event.stamp === "")')],
  },
  {
    name: "verdict-not-audited",
    story: "a verdict that flips is not appended to the audit log",
    edits: [edit("reconciliation/audit-rows.ts", "if (!sameVerdict)", "if (!sameVerdict && before === undefined)")],
  },
  {
    name: "digest-keeps-old-terms",
    story: "a changed register is added to the digest and its old term stays in",
    edits: [edit("reconciliation/register-rows.ts", "if (before !== undefined) change(before, removeHash);", "")],
  },
  {
    name: "indicator-lies",
    story: "a link that is cut is called live for twenty seconds",
    edits: [edit("reconciliation/link-state.ts", "silentMs: LIMITS.silentMs,", "silentMs: 20_000,")],
  },
  {
    name: "reads-behind-writes",
    story: "the reply comes before the region's memory holds the write",
    edits: [
      edit(
        "reconciliation/packer.ts",
        "      (sequence) => this.#taken(sequence, packed),",
        "      (sequence) => {\n        for (const { durable } of packed) durable();\n        void Promise.resolve().then(() => Promise.resolve()).then(() => Promise.resolve()).then(() => this.#taken(sequence, packed));\n      },",
      ),
    ],
  },
  {
    name: "checkpoint-beside-the-late",
    story: "a document's checkpoint stands on when a change comes with a smaller stamp",
    amongst: DOCUMENT_SEEDS,
    edits: [
      edit(
        "reconciliation/register-rows.ts",
        '    for (const { stamp } of kept) if (stamp >= change.stamp) tables.put("documentStates", stateKey(of, stamp), undefined);\n',
        "",
      ),
      edit("reconciliation/register-rows.ts", "if (still.length < kept.length)", "if (still.length > kept.length)"),
    ],
  },
  {
    name: "checkpoint-swallows-a-change",
    story: "a document's checkpoint is said to reach up to a change that it does not hold",
    amongst: DOCUMENT_SEEDS,
    edits: [
      edit(
        "reconciliation/document-checkpoints.ts",
        "const last = folded.at(-1);",
        "const last = folded.length === 0 ? undefined : above.at(-1);",
      ),
    ],
  },
  {
    name: "checkpoint-without-its-tail",
    story: "what stands above a document's first checkpoint when it is made is not found again",
    amongst: DOCUMENT_SEEDS,
    edits: [edit("reconciliation/document-checkpoints.ts", "if (base === undefined) this.#index(of, made.stamp, above);", "")],
  },
];
