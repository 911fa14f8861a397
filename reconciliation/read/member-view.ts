/** The people of a channel: one register a person, whose value is the role, or null for who is out (S1, D7). */
import { roleIn } from "../../core/commands/standing.ts";
import type { Member } from "../../core/objects.ts";
import type { Page, PageAsk } from "../../core/ports/reader.ts";
import type { KeyRange, TableReader } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import type { Register } from "../../core/register.ts";
import { readKey } from "../../core/register.ts";
import { justAfter, pageOf, startAfter } from "./pages.ts";

/** Undefined for who is no member now. */
export function memberView(register: Register): Member | undefined {
  const { channel, ids } = readKey(register.key);
  const user = ids[0] ?? "";
  const role = roleIn({ register: () => register }, channel, user);
  return role === null ? undefined : { user, role };
}

export function* membersOf(tables: TableReader, channel: string, range: KeyRange = keysUnder(`${channel}|member|`)): Generator<Member> {
  for (const [, register] of tables.range("registers", range)) {
    const member = memberView(register);
    if (member !== undefined) yield member;
  }
}

export const isMemberOf = (tables: TableReader, user: string, channel: string): boolean =>
  roleIn({ register: (key) => tables.get("registers", key) }, channel, user) !== null;

export function memberPage(tables: TableReader, channel: string, ask: PageAsk): Page<Member> {
  const { from, to } = keysUnder(`${channel}|member|`);
  const after = startAfter(ask);
  const range = { from: after === "" ? from : justAfter(`${from}${after}`), to };
  function* rows(): Generator<readonly [string, Member]> {
    for (const member of membersOf(tables, channel, range)) yield [member.user, member];
  }
  return pageOf(rows(), ask.limit);
}
