/** What mends a delivery that failed, in one line for whoever runs the receiver. The words of carriers (why) are those of `regions/webhooks/carrier.ts`. */
import type { DeliveryOutcome } from "./ports/webhooks.ts";

const OF_WORDS: Readonly<Record<string, string>> = {
  "its name leads to an address that may not be reached":
    "give it a public address; for a network of your own the operator names it in ATOLL_WEBHOOK_ALLOW, in every region",
  "its name has no address": "make a DNS entry (A or AAAA) for the url's host",
  "its name is not known": "make a DNS entry for the url's host, or correct the url",
  "the connection was refused": "start the receiver, or let it listen at the url's port",
  "the connection was ended by the other side": "look into the receiver's log, and that of what stands before it",
  "it is not in reach": "look at the routes and firewalls between the region and the receiver",
  "no connection within 3 s": "let the region through the receiver's firewall",
  "its certificate is not trusted":
    "serve the whole chain of a public authority, for the url's host; or name your authority in NODE_EXTRA_CA_CERTS of every region",
  "it did not answer within 5 s": "answer 2xx first, and work then",
  "what it answers is no HTTP": "name the receiver's HTTP port in the url, and https:// where it speaks TLS",
  "the request failed": "look into the receiver's log",
};

function ofStatus(status: number): string | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status < 400) return "name the address it leads to in the url: no redirect is followed";
  if (status === 401 || status === 403) return "let requests in whose webhook-signature is right: deliveries sign in by nothing else";
  if (status === 404) return "correct the url's path, or serve it";
  if (status === 405) return "take POST at the url's path";
  if (status === 410) return "410 halts the webhook: answer it only where nobody listens any more";
  if (status === 413) return "take bodies of 20 kB and a little more";
  if (status === 429) return "let 50 requests a second in";
  return "look into the receiver's log: it refused what it got";
}

/** undefined where nothing is wrong. */
export function mendOfDelivery(outcome: DeliveryOutcome): string | undefined {
  if ("status" in outcome) return ofStatus(outcome.status);
  return OF_WORDS[outcome.why] ?? (outcome.why.startsWith("its url ") ? "change the webhook's url" : undefined);
}
