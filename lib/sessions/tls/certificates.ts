/**
 * A certificate and its key, checked, and what is spoken with them.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { RunError } from "../../errors.ts";
import type { Transport } from "../transport.ts";
import { Carrier } from "./carrier.ts";
import { TlsTransport } from "./tls_transport.ts";
import { type CertificateSnapshot, type Handshake, HandshakeError, type TlsSource } from "./types.ts";

/** A certificate and its key, as texts in PEM. */
export interface CertificatePem {
  /** The certificate, and behind it those between it and a root. */
  readonly certificate: string;
  /** Its key, without a passphrase. */
  readonly key: string;
}

/** What is checked of one, and what comes of that. */
interface Checked {
  readonly pem: CertificatePem;
  readonly snapshot: CertificateSnapshot;
  readonly context: SecureContext;
}

/**
 * Guarantees: what it has is whole, belongs together and was valid when it was given; a connection goes on
 * with the one that its handshake began with.
 */
export class Certificates implements TlsSource {
  #current: Checked;
  readonly #listeners = new Set<() => void>();

  /** `now`: milliseconds since 1970. Throws RunError. */
  constructor(pem: CertificatePem, now: number) {
    this.#current = checked(pem, now);
  }

  get certificate(): CertificateSnapshot {
    return this.#current.snapshot;
  }

  /** For who speaks TLS by other means, and asks again when {@link onReplaced} tells. */
  get pem(): CertificatePem {
    return this.#current.pem;
  }

  /** From now on another one. Throws RunError, and then it is the one it was. */
  replace(pem: CertificatePem, now: number): void {
    this.#current = checked(pem, now);
    for (const listener of this.#listeners) listener();
  }

  /** Calls back behind each {@link replace}; gives what ends that. */
  onReplaced(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  handshake(transport: Transport): Handshake {
    return begin(transport, this.#current.context);
  }
}

function begin(transport: Transport, secureContext: SecureContext): Handshake {
  const carrier = new Carrier(transport);
  const socket = new TLSSocket(carrier, { isServer: true, secureContext });
  const { promise, resolve, reject } = Promise.withResolvers<Transport>();
  const fail = (error?: Error): void => {
    const why = carrier.failure ?? error;
    carrier.destroy();
    reject(why instanceof HandshakeError ? why : new HandshakeError("failed", clause(why)));
  };
  const over = (): void => fail();
  // an error may come behind another, and none may be without a listener
  socket.on("error", fail);
  socket.once("end", over);
  carrier.once("close", over);
  socket.once("secure", () => {
    socket.off("error", fail);
    socket.off("end", over);
    carrier.off("close", over);
    resolve(new TlsTransport(socket, { carrier, transport }));
  });
  return { done: promise, abandon: () => fail(new HandshakeError("failed", "abandoned")) };
}

/** `tlsv1 alert unknown ca`, without what OpenSSL's and node's names add. */
function clause(error: Error | undefined): string {
  if (error === undefined) return "the other side left";
  return error.message.replace(/ \(SSL routines:.*\)$/, "");
}

function checked(pem: CertificatePem, now: number): Checked {
  const certificate = certificateOf(pem.certificate);
  const key = keyOf(pem.key);
  if (!certificate.checkPrivateKey(key)) {
    throw new RunError("the key is not that of the certificate: give the two that belong together");
  }
  const notBefore = Date.parse(certificate.validFrom);
  const notAfter = Date.parse(certificate.validTo);
  if (now > notAfter) {
    throw new RunError(`the certificate has expired, on ${date(notAfter)}: renew it`);
  }
  if (now < notBefore) {
    throw new RunError(`the certificate is not valid before ${date(notBefore)}: is the clock right?`);
  }
  const snapshot = { names: certificate.subjectAltName ?? "", notBefore, notAfter };
  try {
    const context = createSecureContext({ cert: pem.certificate, key: pem.key });
    return { pem, snapshot, context };
  } catch (error) {
    throw new RunError(`the certificate cannot be used: ${clause(asError(error))}`);
  }
}

function certificateOf(text: string): X509Certificate {
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new RunError("there is no certificate: PEM has a line -----BEGIN CERTIFICATE-----");
  }
  try {
    return new X509Certificate(text);
  } catch {
    throw new RunError("the certificate is damaged: it cannot be read");
  }
}

function keyOf(text: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new RunError("the key has a passphrase: write it without one (openssl pkey -in KEY -out FILE)");
  }
  if (!/-----BEGIN (?:\w+ )?PRIVATE KEY-----/.test(text)) {
    throw new RunError("there is no key: PEM has a line -----BEGIN PRIVATE KEY-----");
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw new RunError("the key is damaged, or of a kind that is not known: it cannot be read");
  }
}

function date(time: number): string {
  return new Date(time).toISOString();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
