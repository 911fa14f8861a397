/** The operator's word for this client's network, ASN, subdivision or country: the named regions come first, in that order. */
import { matchText } from "../overrides.ts";
import { because, type Candidate, type Filter, reaching } from "../steering.ts";

export const overridden: Filter = (steering, client, { overrides }) => {
  if (overrides === undefined) return steering;
  const { override, bits } = overrides.find(client);
  const reached = reaching(steering, bits);
  if (override === undefined) return reached;
  const { candidates, scope, reason } = reached;
  const { match, regions } = override;
  const isNamed = ({ region }: Candidate): boolean => regions.includes(region.name);
  const named = regions.flatMap((name) => candidates.filter(({ region }) => region.name === name));
  return {
    candidates: [...named, ...candidates.filter((candidate) => !isNamed(candidate))],
    named: named.length,
    near: undefined,
    scope,
    by: "override",
    reason: because(reason, (candidate) => (isNamed(candidate) ? `by override for ${matchText(match)}` : undefined)),
  };
};
