/** Why a store does not let us in, in the words of who can mend it: drivers name their own errors, and bury the server's. */

/** What a store's operator sets, by what it is for. */
export interface StoreNames {
  readonly login: string;
  readonly rights: string;
  readonly tlsOn: string;
  readonly tlsOff: string;
  readonly authority: string;
  readonly certificate: string;
  /** What helps when the certificate is another server's. */
  readonly serverName: string;
}
export interface StoreTrouble {
  readonly why: string;
  readonly mend: string;
}

/** As drivers and OpenSSL spell them; the first that fits. */
const TROUBLES: readonly (readonly [RegExp, (names: StoreNames) => StoreTrouble])[] = [
  [/CERT_HAS_EXPIRED|certificate has expired/i, () => ({ why: "its certificate has expired", mend: "give the server a new one" })],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|self.signed certificate|unable to (verify|get)/i,
    ({ authority }) => ({
      why: "its certificate is signed by an authority that is not known here",
      mend: `name that authority's file: ${authority}`,
    }),
  ],
  [
    /ALTNAME_INVALID|does not match certificate/i,
    ({ serverName }) => ({ why: "its certificate is that of another name", mend: serverName }),
  ],
  [
    /alert certificate required|alert bad certificate|alert handshake failure|alert unknown ca|CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA/i,
    ({ certificate }) => ({ why: "it wants a certificate of its clients, and does not take ours", mend: certificate }),
  ],
  [/wrong version number|WRONG_VERSION_NUMBER|packet length too long/i, ({ tlsOff }) => ({ why: "it does not speak TLS", mend: tlsOff })],
  [
    /AuthenticationError|AuthenticationFailed|authentication fail|auth(entication|entication provider)? ?(is )?required|WRONGPASS|NOAUTH|Provided username|badCredentials|no authenticat/i,
    ({ login }) => ({ why: "it refuses the login", mend: `set ${login}` }),
  ],
  [
    /Unauthorized|has no \w+ permission|NOPERM|not authorized/i,
    ({ rights }) => ({ why: "the login may not do what is needed", mend: rights }),
  ],
];

/** A server that speaks TLS alone ends a plain connection without a word; one that wants a certificate of its clients may end one without as silently. */
const CUT_SHORT = /closed|ECONNRESET|EPIPE|hang up|hung up/i;

export interface Dialling {
  readonly names: StoreNames;
  readonly speaksTls: boolean;
  /** Whether a certificate of our own is shown. */
  readonly certified: boolean;
}

export const spoken = (tls: { readonly cert?: string } | undefined): Pick<Dialling, "speaksTls" | "certified"> => ({
  speaksTls: tls !== undefined,
  certified: tls?.cert !== undefined,
});

/** Undefined where it is none that settings mend. Never holds a password: it says nothing of what was sent. */
export function troubleOf(error: unknown, { names, speaksTls, certified }: Dialling): StoreTrouble | undefined {
  const said = errorsWithin(error).map((one) => `${one.name} ${(one as NodeJS.ErrnoException).code ?? ""} ${one.message}`);
  for (const [sign, words] of TROUBLES) if (said.some((text) => sign.test(text))) return words(names);
  if (certified || !said.some((text) => CUT_SHORT.test(text))) return undefined;
  const mend = speaksTls ? `${names.certificate}, if it wants a certificate of its clients` : `${names.tlsOn}, if it speaks TLS alone`;
  return { why: "it ended the connection", mend };
}

/** The same error where nothing is known of it; else one that says what mends it. */
export function mendedBy(error: unknown, dialling: Dialling): unknown {
  const trouble = troubleOf(error, dialling);
  return trouble === undefined ? error : new Error(`${trouble.why} (${trouble.mend})`, { cause: error });
}

interface Nesting {
  readonly cause?: unknown;
  /** Of cassandra-driver: by host. */
  readonly innerErrors?: Readonly<Record<string, unknown>>;
  /** Of mongodb: what is known of each server. */
  readonly reason?: { readonly servers?: ReadonlyMap<string, { readonly error?: unknown }> };
}

const DEPTH = 6;

function errorsWithin(error: unknown, depth = DEPTH): readonly Error[] {
  if (!(error instanceof Error) || depth === 0) return [];
  const { cause, innerErrors, reason } = error as Error & Nesting;
  const servers = reason?.servers instanceof Map ? [...reason.servers.values()].map((one: { readonly error?: unknown }) => one.error) : [];
  const inner = [cause, ...Object.values(innerErrors ?? {}), ...servers];
  return [...inner.flatMap((one) => errorsWithin(one, depth - 1)), error];
}
