/**
 * Which addresses a webhook may be sent to: public ones (the IANA registries of special-purpose addresses, and what clouds answer their own machines
 * by), and those that the operator allows. Of IPv6 only 2000::/3 is public at all; what maps or translates an IPv4 address is judged as that.
 */
import { BlockList, isIP, isIPv4 } from "node:net";

const SPECIAL_IPV4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"],
  ...["192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24"],
  ...["203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"],
  // Azure's platform, and Alibaba's metadata (in 100.64.0.0/10 already, named for readers).
  ...["168.63.129.16/32", "100.100.100.200/32"],
];
const SPECIAL_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"];
const PUBLIC_IPV6 = "2000::/3";

export interface Networks {
  holds(address: string): boolean;
}

/** Throws an Error that names what is no network. */
export function networksOf(texts: readonly string[]): Networks {
  const list = new BlockList();
  for (const text of texts) {
    const [, network = "", bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const family = isIP(network);
    const most = family === 4 ? 32 : 128;
    if (family === 0 || Number(bits ?? most) > most) throw new Error(`${text} is no network: 10.1.0.0/16, 127.0.0.1, fd00::/8`);
    list.addSubnet(network, Number(bits ?? most), family === 4 ? "ipv4" : "ipv6");
  }
  return { holds: (address) => isIP(address) !== 0 && list.check(address, isIPv4(address) ? "ipv4" : "ipv6") };
}

const [specialIpv4, specialIpv6, publicIpv6] = [networksOf(SPECIAL_IPV4), networksOf(SPECIAL_IPV6), networksOf([PUBLIC_IPV6])];

/** The IPv4 address that an IPv6 one stands for: mapped (::ffff:a.b.c.d). */
function unmapped(address: string): string {
  const plain = address.split("%", 1)[0] ?? "";
  const [, dotted] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain) ?? [];
  return dotted ?? plain;
}

export function isPublic(address: string): boolean {
  const plain = unmapped(address);
  if (isIP(plain) === 0) return false;
  return isIPv4(plain) ? !specialIpv4.holds(plain) : publicIpv6.holds(plain) && !specialIpv6.holds(plain);
}

/** Whether a connection to this address may be made. */
export const mayReach = (address: string, allowed: Networks): boolean => isPublic(address) || allowed.holds(unmapped(address));
