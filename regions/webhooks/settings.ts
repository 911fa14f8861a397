/** What an operator may allow beyond public https: networks of bots of their own, and plain http for receivers under development. */
import { z } from "zod";
import type { UrlAllowance } from "../../core/webhook-url.ts";
import { list } from "../setting-texts.ts";
import { type Networks, networksOf } from "./addresses.ts";

const HTTP = "http";
const isAllowance = (text: string): boolean => {
  try {
    return text === HTTP || networksOf([text]) !== undefined;
  } catch {
    return false;
  }
};

export const WEBHOOK_SETTINGS = {
  ATOLL_WEBHOOK_ALLOW: list
    .pipe(z.array(z.string().refine(isAllowance, "is http, or a network like 10.1.0.0/16")))
    .default([])
    .describe(
      "what webhooks may reach besides public https on 443 and 8443, by comma: networks (10.1.0.0/16), and `http` for plain http and any port; for development and bots of one's own",
    ),
};

export interface Allowance {
  readonly url: UrlAllowance;
  readonly networks: Networks;
}
export function allowanceOf(texts: readonly string[]): Allowance {
  const networks = networksOf(texts.filter((text) => text !== HTTP));
  return { url: { http: texts.includes(HTTP), address: networks.holds }, networks };
}
