/** The operator's word for this client's network, ASN, subdivision or country: the named regions come first, in that order. */
import { matchText } from "../overrides.ts";
import type { Filter } from "../steering.ts";

export const overridden: Filter = (steering, client, { overrides }) => {
  if (overrides === undefined) return steering;
  const { override, bits } = overrides.find(client);
  const scope = Math.max(steering.scope, bits);
  if (override === undefined) return scope === steering.scope ? steering : { ...steering, scope };
  const why = `by override for ${matchText(override.match)}`;
  const named = override.regions.flatMap((name) => steering.candidates.filter(({ region }) => region.name === name));
  const rest = steering.candidates.filter(({ region }) => !override.regions.includes(region.name));
  return { candidates: [...named.map((candidate) => ({ ...candidate, named: true, why })), ...rest], scope };
};
