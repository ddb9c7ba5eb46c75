/**
 * How a client shows who it is, and is sure of the broker.
 *
 * @module
 */

/** What an account is known by. */
export interface ClientCredentials {
  /** Its name. */
  readonly user: string;
  /** Its secret. */
  readonly token: string;
}

/** How TLS is spoken to a broker. */
export interface TlsOptions {
  /**
   * Certificates of issuers in PEM, which are trusted beside those that the runtime trusts; with `localPort`
   * in their place.
   */
  readonly ca?: string | readonly string[];
  /** What the broker's certificate has to be for (`host`). */
  readonly serverName?: string;
}
