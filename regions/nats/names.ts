/** Names of streams and subjects, in one place (hard parts H1): an epoch of a region's log is a stream of its own, and so is every mirror of it. */

export const logStream = (origin: string, epoch: number): string => `OPS_${origin}_${epoch}`;
export const logSubject = (origin: string, epoch: number): string => `ops.${origin}.${epoch}`;
export const mirrorStream = (origin: string, epoch: number): string => `MIR_${origin}_${epoch}`;
/** Where messages of `peer` arrive in region `here` on their way into its mirrors. */
export const deliverSubject = (here: string, peer: string): string => `deliver.${here}.${peer}`;

/** JetStream's API of this region. */
export const LOCAL_API = "$JS.API";
/** JetStream's API of a peer, reached through the gateways. */
export const peerApi = (peer: string): string => `$JS.${peer}.API`;

/** Where an epoch of a log is read from: at its origin, or, when that region is gone for good, at a peer that holds a mirror of it. */
export interface LogSource {
  readonly peer: string;
  readonly stream: string;
}
export const atOrigin = (origin: string, epoch: number): LogSource => ({ peer: origin, stream: logStream(origin, epoch) });
export const atHolder = (holder: string, origin: string, epoch: number): LogSource => ({
  peer: holder,
  stream: mirrorStream(origin, epoch),
});

/** The epoch in the name of one of `origin`'s log streams (or, with "MIR", of our mirrors of it); undefined for any other stream. */
export function epochIn(kind: "OPS" | "MIR", origin: string, stream: string): number | undefined {
  const prefix = `${kind}_${origin}_`;
  const rest = stream.startsWith(prefix) ? stream.slice(prefix.length) : "";
  return /^\d{1,9}$/.test(rest) ? Number(rest) : undefined;
}

export const beatSubject = (region: string): string => `hb.${region}`;
export const toldSubject = (topic: string, from: string): string => `tell.${topic}.${from}`;
/** The asking region is part of the subject, so an answerer knows whom it serves without opening the payload. */
export const askedSubject = (peer: string, question: string, from: string): string => `rpc.${peer}.${question}.${from}`;
/** Second half of a subject that ends with the region it came from. */
export const lastToken = (subject: string): string => subject.slice(subject.lastIndexOf(".") + 1);
