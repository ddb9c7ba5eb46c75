/**
 * Certificates for a broker's listeners.
 *
 * @module
 */
import type { CertificatePem, Certificates } from "../sessions/mod.ts";

export type { CertificatePem, Certificates } from "../sessions/mod.ts";

/**
 * A certificate and its key, for `tls` of what is listened on; {@link Certificates.replace} changes it for
 * who connects from then on. Rejects with RunError where they cannot be used. `now`: milliseconds since 1970.
 */
export async function certificatesOf(pem: CertificatePem, now: number): Promise<Certificates> {
  // who speaks no TLS starts without what it takes to
  const { Certificates } = await import("../sessions/tls/certificates.ts");
  return new Certificates(pem, now);
}
