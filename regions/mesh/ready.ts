/** What `up` says when it is ready, and what mesh.json holds while the mesh runs: exactly this (contract §2). */
interface ReadyRegion {
  readonly name: string;
  readonly url: string;
  readonly ws: string;
}
export interface ReadyDocument {
  readonly regions: readonly ReadyRegion[];
  /** host:port of the mesh's name server, UDP and TCP. */
  readonly geodns: string;
  readonly data: string;
  /** The supervisor. */
  readonly pid: number;
}
