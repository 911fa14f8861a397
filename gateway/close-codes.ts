/** Why a socket is closed (contract §4). 4000-4199: come back, here or in the next region. 4400-4499: coming back would end the same way. */
export const CLOSE = {
  restart: { code: 4000, reason: "the gateway restarts", afterMs: 1_000 },
  drain: { code: 4001, reason: "this region is being drained", afterMs: 0 },
  slow: { code: 4002, reason: "frames were not read in time; resume with your last cursor", afterMs: 1_000 },
  unhealthy: { code: 4003, reason: "this region is not healthy", afterMs: 1_000 },
  badFrame: { code: 4400, reason: "three bad frames", afterMs: 0 },
  token: { code: 4401, reason: "the token is not valid, or no longer", afterMs: 0 },
  forbidden: { code: 4403, reason: "not allowed", afterMs: 0 },
  helloMissing: { code: 4408, reason: "no hello in time", afterMs: 0 },
  protocol: { code: 4409, reason: "this protocol version is not spoken here", afterMs: 0 },
  tooLarge: { code: 4413, reason: "more than a change, or the document, may hold", afterMs: 0 },
  tooMany: { code: 4429, reason: "too many connections of this user", afterMs: 0 },
} as const;
export type CloseName = keyof typeof CLOSE;

/** Whether a client does well to come back after this close. */
export const comesBack = (code: number): boolean => code >= 4000 && code < 4200;
