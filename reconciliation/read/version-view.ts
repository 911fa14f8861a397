/**
 * The versions of a register. Twins (equal author, command, content) are one version, named by the smallest of their stamps; what either
 * replaced, the version replaced (D5). Versions without a right, or whose right is not here yet, are not shown (D6).
 */
import type { Json } from "../../core/event.ts";
import type { Version } from "../../core/objects.ts";
import type { Entry, Register } from "../../core/register.ts";
import { readKey } from "../../core/register.ts";
import type { Stamp } from "../../core/stamp.ts";
import { compareStamps, stampIso, stampRegion } from "../../core/stamp.ts";
import { bodyValue, isDeleted } from "./body-value.ts";
import type { Seeing } from "./seeing.ts";

/** Twins of one version, smallest stamp first. */
export type Twins = readonly [Entry, ...Entry[]];

export function twinsOf(register: Register): readonly Twins[] {
  const hidden = new Set([...register.resolution.void, ...register.resolution.pending]);
  const versions = new Map<string, [Entry, ...Entry[]]>();
  for (const entry of register.entries) {
    if (hidden.has(entry.stamp)) continue;
    const key = `${entry.author}\n${entry.command}\n${entry.content}`;
    const twins = versions.get(key);
    if (twins === undefined) versions.set(key, [entry]);
    else twins.push(entry);
  }
  for (const twins of versions.values()) twins.sort((a, b) => compareStamps(a.stamp, b.stamp));
  return [...versions.values()].sort(([a], [b]) => compareStamps(a.stamp, b.stamp));
}

/** Every version in order of stamps; `only` narrows them to those of a record. */
export function versionsView(register: Register, seeing: Seeing, only?: readonly Stamp[]): readonly Version[] {
  const all = twinsOf(register);
  const names = new Map(all.flatMap((twins) => twins.map(({ stamp }) => [stamp, twins[0].stamp] as const)));
  const text = readKey(register.key).kind === "body";
  const withholding = text && isDeleted(register);
  return all
    .filter(([{ stamp }]) => only === undefined || only.includes(stamp))
    .map((twins) => versionView(twins, { names, withholding, text, seeing }));
}

interface Showing {
  /** Stamp of a twin -> stamp its version is named by. */
  readonly names: ReadonlyMap<Stamp, Stamp>;
  readonly withholding: boolean;
  readonly text: boolean;
  readonly seeing: Seeing;
}

function versionView(twins: Twins, { names, withholding, text, seeing: { viewer, isDistrusted } }: Showing): Version {
  const [{ stamp, kind, author, command, value }] = twins;
  const replaces = [...new Set(twins.flatMap((twin) => twin.replaces.map((one) => names.get(one) ?? one)))].filter((one) => one !== stamp);
  const shown: Json = text ? bodyValue(value).body : value;
  const withheld = withholding && shown !== null && !viewer.auditor && viewer.user !== author;
  return {
    stamp,
    kind,
    author,
    origin: stampRegion(stamp),
    value: withheld ? null : shown,
    ...(withheld ? { withheld } : {}),
    replaces: replaces.sort(compareStamps),
    at: stampIso(stamp),
    command,
    ...(isDistrusted(stamp) ? { distrusted: true } : {}),
  };
}
