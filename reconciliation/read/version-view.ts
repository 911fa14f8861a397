/**
 * The versions of a register. Twins (equal author, command, content) are one version, named by the smallest of their stamps; what either
 * replaced, the version replaced (D5). Versions without a right, or whose right is not here yet, are not shown (D6).
 */
import type { Json } from "../../core/event.ts";
import type { Version } from "../../core/objects.ts";
import type { Register } from "../../core/register.ts";
import { readKey } from "../../core/register.ts";
import type { Stamp } from "../../core/stamp.ts";
import { compareStamps, stampIso, stampRegion } from "../../core/stamp.ts";
import type { Version as CoreVersion } from "../../core/versions.ts";
import { versionsOf } from "../../core/versions.ts";
import { bodyValue, isDeleted } from "./body-value.ts";
import type { Seeing } from "./seeing.ts";

function versionsIn({ entries, resolution }: Register): readonly CoreVersion[] {
  const hidden = new Set([...resolution.void, ...resolution.pending]);
  return versionsOf(entries, ({ stamp }) => (hidden.has(stamp) ? "void" : "ok")).all;
}

/** Every version in order of stamps; `only` narrows them to those of a record. */
export function versionsView(register: Register, seeing: Seeing, only?: readonly Stamp[]): readonly Version[] {
  const all = versionsIn(register);
  const names = new Map(all.flatMap(({ stamp, twins }) => twins.map((twin) => [twin.stamp, stamp] as const)));
  const text = readKey(register.key).kind === "body";
  const withholding = text && isDeleted(register);
  const shown = only === undefined ? all : all.filter(({ stamp }) => only.includes(stamp));
  // The address of a bot is a secret of those who may change it.
  const secret = readKey(register.key).kind === "webhook";
  return shown.map((version) => versionView(version, { names, withholding, secret, text, seeing }));
}

interface Showing {
  /** Stamp of a twin -> stamp its version is named by. */
  readonly names: ReadonlyMap<Stamp, Stamp>;
  readonly withholding: boolean;
  readonly secret: boolean;
  readonly text: boolean;
  readonly seeing: Seeing;
}

function versionView({ stamp, first, twins }: CoreVersion, { names, withholding, secret, text, seeing }: Showing): Version {
  const { kind, author, command, value } = first;
  const { viewer, isDistrusted } = seeing;
  const replaces = new Set(twins.flatMap((twin) => twin.replaces.map((one) => names.get(one) ?? one)));
  replaces.delete(stamp);
  const shown: Json = text ? bodyValue(value).body : value;
  const withheld = (withholding || secret) && shown !== null && !viewer.auditor && viewer.user !== author;
  return {
    stamp,
    kind,
    author,
    origin: stampRegion(stamp),
    value: withheld ? null : shown,
    ...(withheld ? { withheld } : {}),
    replaces: [...replaces].sort(compareStamps),
    at: stampIso(stamp),
    command,
    ...(isDistrusted(stamp) ? { distrusted: true } : {}),
  };
}
