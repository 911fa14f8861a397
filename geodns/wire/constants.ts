/** Numbers of RFC 1035, 3596, 6891, 7871, 7873, 9460. */
export const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, AAAA: 28, OPT: 41, SVCB: 64, HTTPS: 65, IXFR: 251, AXFR: 252, ANY: 255 } as const;
export const CLASS_IN = 1;
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16, BADCOOKIE: 23 } as const;
export type Rcode = keyof typeof RCODE;
export const FLAG = { response: 0x8000, opcode: 0x7800, authoritative: 0x0400, truncated: 0x0200, recursionDesired: 0x0100 } as const;
export const OPTION = { subnet: 8, cookie: 10 } as const;
export const HEADER_BYTES = 12;
/** Fits every path without fragments (DNS flag day 2020). */
export const UDP_BYTES = 1_232;
export const UDP_BYTES_BARE = 512;
