/**
 * TLS as a listener needs it: the seam between it and what speaks it, which only a broker with TLS loads.
 *
 * @module
 */
import type { Transport } from "../transport.ts";

/** What may be told of a certificate. Times in milliseconds since 1970. */
export interface CertificateSnapshot {
  /** The names and addresses it is for, as it has them: `DNS:broker.example`. */
  readonly names: string;
  /** When it begins to be valid. */
  readonly notBefore: number;
  /** When it expires. */
  readonly notAfter: number;
}

/** A certificate, which may become another one, and what is spoken with it. */
export interface TlsSource {
  /** What who connects now is shown. */
  readonly certificate: CertificateSnapshot;
  /** Begins a handshake over a connection that was accepted, which is its from then on. */
  handshake(transport: Transport): Handshake;
}

/** A handshake under way. */
export interface Handshake {
  /**
   * The connection inside TLS. Rejects with {@link HandshakeError}; what was given is closed then, but where
   * it is `plain`.
   */
  readonly done: Promise<Transport>;
  /** Ends it at once, and the connection. */
  abandon(): void;
}

/**
 * Why there is no connection. `plain`: it was not TLS that came, and an answer may be given; `gone`: the
 * other side left before it said anything.
 */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
  readonly kind: "plain" | "gone" | "failed";

  /** `message`: a clause for the log. */
  constructor(kind: "plain" | "gone" | "failed", message: string) {
    super(message);
    this.kind = kind;
  }
}
