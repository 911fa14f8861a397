/**
 * The one place that sends anything to where a user says (reliability §4, SSRF): the name is looked up by the client itself, every address it has is
 * judged, a connection is made to one of those and looked at again once it stands, and only then is anything said. No redirect is followed, no
 * proxy is asked, no connection is used twice; the answer's status is all that is read of it.
 */
import type { LookupAddress, LookupOptions } from "node:dns";
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, isIPv6, type Socket } from "node:net";
import type { Timer, Timers } from "../../core/ports/time.ts";
import type { Delivery, DeliveryOutcome, WebhookCarrier } from "../../core/ports/webhooks.ts";
import { addressIn, unfitUrl } from "../../core/webhook-url.ts";
import { mayReach } from "./addresses.ts";
import type { Allowance } from "./settings.ts";

export interface CarrierParts {
  readonly allowance: Allowance;
  /** Every address of a name, in text. Rejects when it has none. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly timers: Timers;
  readonly version: string;
  /** Authority that receivers' certificates may be signed by, besides those that Node knows. */
  readonly authority?: string;
}

/** Register W4, reliability §4. */
const BOUNDS = { wholeMs: 5_000, connectMs: 3_000, replyBytes: 16_384 } as const;

/** What is wrong, in words that may be shown: the URL and the addresses are not in them. */
class Unsent extends Error {}
const FORBIDDEN = "its name leads to an address that may not be reached";
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was ended by the other side",
  ENOTFOUND: "its name is not known",
  EPIPE: "the connection was ended by the other side",
  EHOSTUNREACH: "it is not in reach",
  ENETUNREACH: "it is not in reach",
  HPE_INVALID_CONSTANT: "what it answers is no HTTP",
};
const isCertificate = (code: string): boolean => /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code);

function wordsOf(error: unknown): string {
  if (error instanceof Unsent) return error.message;
  const code = String((error as { readonly code?: unknown } | undefined)?.code ?? "");
  if (isCertificate(code)) return "its certificate is not trusted";
  return WORDS[code] ?? (code.startsWith("HPE_") ? "what it answers is no HTTP" : "the request failed");
}

export function openWebhookCarrier(parts: CarrierParts): WebhookCarrier {
  const { allowance } = parts;
  return {
    unfitUrl: (url) => unfitUrl(url, allowance.url),
    send: async (delivery) => {
      const unfit = unfitUrl(delivery.url, allowance.url);
      if (unfit !== undefined) return { why: `its url ${unfit}` };
      return sent(parts, delivery).catch((error: unknown) => ({ why: wordsOf(error) }));
    },
  };
}

type Answered = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Node's own seam for looking up names: what is connected to is what was judged here. One bad address among them is reason enough. */
const judgedLookup =
  ({ resolve, allowance }: Pick<CarrierParts, "resolve" | "allowance">) =>
  (name: string, { all }: LookupOptions, answered: Answered): void => {
    resolve(name).then(
      (found) => {
        const addresses = found.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
        const [first] = addresses;
        if (first === undefined) answered(new Unsent("its name has no address"), "");
        else if (found.some((address) => isIP(address) === 0 || !mayReach(address, allowance.networks)))
          answered(new Unsent(FORBIDDEN), "");
        else if (all === true) answered(null, addresses);
        else answered(null, first.address, first.family);
      },
      () => answered(new Unsent("its name is not known"), ""),
    );
  };

function sent(parts: CarrierParts, { url: text, headers, body }: Delivery): Promise<DeliveryOutcome> {
  const { timers, version, allowance, authority } = parts;
  const url = new URL(text);
  const bytes = Buffer.from(body);
  const options: RequestOptions & { readonly ca?: string } = {
    method: "POST",
    agent: false,
    headers: { ...headers, "content-length": bytes.length, "user-agent": `Atoll-Webhooks/${version}`, connection: "close" },
    lookup: judgedLookup(parts) as NonNullable<RequestOptions["lookup"]>,
    ...(authority === undefined ? {} : { ca: authority }),
  };
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = url.protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options);
    const running: Timer[] = [];
    const end = (settle: () => void): void => {
      for (const timer of running) timer.cancel();
      settle();
      asked.destroy();
    };
    const fail = (error: Error): void => end(() => reject(error));
    let status: number | undefined;
    // Whoever has said what became of it has answered, however long the rest may take.
    const late = (): void => (status === undefined ? fail(new Unsent("it did not answer within 5 s")) : answered(status));
    const answered = (said: number): void => end(() => resolve({ status: said }));
    running.push(timers.after(BOUNDS.wholeMs, late));
    const connecting = timers.after(BOUNDS.connectMs, () => fail(new Unsent("no connection within 3 s")));
    running.push(connecting);
    asked.on("socket", (socket: Socket) => {
      socket.once("connect", () => {
        const { remoteAddress } = socket;
        if (remoteAddress === undefined || !isAllowedPeer(url, remoteAddress, allowance)) return fail(new Unsent(FORBIDDEN));
        if (url.protocol === "http:") connecting.cancel();
        asked.end(bytes);
      });
      socket.once("secureConnect", () => connecting.cancel());
    });
    asked.on("error", fail);
    asked.on("response", (answer: IncomingMessage) => {
      const said = answer.statusCode ?? 0;
      status = said;
      read(answer, () => answered(said));
    });
  });
}

const isAllowedPeer = ({ hostname }: URL, address: string, { networks }: Allowance): boolean => {
  const written = addressIn(hostname);
  return written === undefined ? mayReach(address, networks) : networks.holds(written) && mayReach(address, networks);
};

/** The status is the answer. The rest is let run out, as long as it is short, so that the receiver sees an orderly end. */
function read(answer: IncomingMessage, done: () => void): void {
  let bytes = 0;
  answer.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BOUNDS.replyBytes) done();
  });
  answer.on("end", done);
  answer.on("error", done);
  answer.on("close", done);
}
