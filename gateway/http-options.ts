/** How long a request may take to come in, and how long its head may be: Slowloris and its kin end here. */
export const HTTP_OPTIONS = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
} as const;
