/**
 * Where a webhook may lead, as far as its URL says (W1 of the register): https to a name, by the ports that receivers have. Which addresses a
 * name has is looked at where a connection is made, and again once it stands.
 *
 * The URL is read as the standard reads it, which writes an IPv4 address in any base or length, or in full-width digits, as four numbers.
 */

export interface UrlAllowance {
  /** Plain http and any port too; for receivers under development. */
  readonly http: boolean;
  /** Whether an address may be reached though it is no public one, or is written in the URL itself. */
  readonly address: (address: string) => boolean;
}
const NOTHING_MORE: UrlAllowance = { http: false, address: () => false };

const PORTS: readonly string[] = ["", "8443"];
/** Names that are nobody's in the public DNS (RFC 6761, RFC 6762, RFC 8375, and what clouds answer metadata by). */
const PRIVATE_NAMES = /(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|test|invalid|onion)$/;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** The address that stands in a URL's host instead of a name. */
export function addressIn(host: string): string | undefined {
  if (host.startsWith("[")) return host.slice(1, -1);
  return IPV4.test(host) ? host : undefined;
}

/** Why nothing is sent to this URL; undefined: its name may be looked up. */
export function unfitUrl(text: string, allow: UrlAllowance = NOTHING_MORE): string | undefined {
  if (!URL.canParse(text)) return "is no URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(allow.http && url.protocol === "http:")) return "must begin with https://";
  if (url.username !== "" || url.password !== "") return "may hold no user and no password";
  if (url.hash !== "") return "may hold no fragment";
  if (!allow.http && !PORTS.includes(url.port)) return "may name the ports 443 and 8443 only";
  const host = url.hostname.replace(/\.$/, "");
  const address = addressIn(host);
  if (address !== undefined) return allow.address(address) ? undefined : "must name its host, not an address";
  if (PRIVATE_NAMES.test(host) || !host.includes(".")) return allow.address("127.0.0.1") ? undefined : "must name a public host";
  return undefined;
}
