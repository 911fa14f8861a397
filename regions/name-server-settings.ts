/** Settings of the name server: in a process of its own (`--role geodns`), or in a region's process that names a port for it. */
import { isIP } from "node:net";
import { z } from "zod";
import { digits, text } from "./setting-texts.ts";

export const NAME_SERVER_SETTINGS = {
  ATOLL_DNS_PORT: digits(z.number("is a port in digits").int().min(0).max(65_535))
    .optional()
    .describe("UDP and TCP port of the name server; 0 = any. Absent: 53 in a process of its own, none in a region's process"),
  ATOLL_DNS_HOST: text
    .refine((value) => isIP(value) !== 0, "is an IPv4 or IPv6 address")
    .optional()
    .describe("address that the name server listens on; ATOLL_HOST when absent"),
  ATOLL_DNS_PROCESSES: digits(
    z
      .number("is a number of processes, 0 to 64")
      .int("is a number of processes, 0 to 64")
      .min(0, "is a number of processes, 0 to 64")
      .max(64, "is 64 at most: one for each core is as many as help"),
  )
    .optional()
    .describe(
      "processes beside this one that answer DNS behind the one port; 0 = this one answers itself. Absent: one for each core but one, 1 to 4, where it is of role geodns alone; 0 in a region's process",
    ),
  ATOLL_PDNS_SOCKET: text.optional().describe("path of a unix socket on which PowerDNS's remote backend is answered"),
  ATOLL_GDNSD_DIR: text.optional().describe("folder in which gdnsd's `nets` and `extfile` are kept"),
} as const;
