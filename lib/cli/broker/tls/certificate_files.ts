/**
 * The broker's certificate as files: read at the start, and again when they change.
 *
 * @module
 */
import { type CertificatePem, type Certificates, certificatesOf } from "../../../broker/certificates.ts";
import { type Clock, SYSTEM_CLOCK } from "../../../clock.ts";
import { RunError, UsageError } from "../../../errors.ts";
import type { Log } from "../../../log.ts";
import { quote } from "../../../text.ts";
import { readTextSync } from "../../process/files.ts";
import { type ReloadReason, watchFiles } from "../../process/watched_files.ts";
import type { TlsOptions } from "./options.ts";

const DAY_MS = 86_400_000;
/** A certificate that expires in less is told of once a day. */
const SOON_MS = 30 * DAY_MS;

/** A certificate that follows its files until it is closed. */
export interface CertificateFiles {
  readonly tls: Certificates;
  close(): void;
}

/**
 * Undefined: TLS is not asked for. Rejects with UsageError for a file that cannot be read, with RunError for
 * what is in it; later either is an error in the log, and the certificate stays as it is.
 */
export async function openCertificates(
  { "tls-cert": certificatePath, "tls-key": keyPath }: TlsOptions,
  { log, clock = SYSTEM_CLOCK, lookEvery }: {
    readonly log: Log;
    readonly clock?: Clock;
    /** Milliseconds between two looks at the files. */
    readonly lookEvery?: number;
  },
): Promise<CertificateFiles | undefined> {
  if (certificatePath === undefined || keyPath === undefined) return undefined;
  const read = (): CertificatePem => ({
    certificate: readTextSync(certificatePath, "the certificate (--tls-cert)"),
    key: readTextSync(keyPath, "its key (--tls-key)"),
  });
  let tls: Certificates | undefined = undefined;
  const reload = (why: ReloadReason): void => {
    if (tls === undefined) return;
    try {
      tls.replace(read(), clock.wall());
    } catch (error) {
      if (!(error instanceof RunError || error instanceof UsageError)) throw error;
      log.error("certificate not loaded, the one before stays", { reason: error.message, why });
      return;
    }
    log.info("certificate loaded", { why, file: certificatePath, expires: day(tls) });
    tellExpiry(tls, { log, clock });
  };
  // before they are read, so that no change is missed
  const watch = watchFiles([certificatePath, keyPath], {
    onChange: reload,
    clock,
    ...(lookEvery === undefined ? {} : { every: lookEvery }),
  });
  try {
    tls = await certificatesOf(read(), clock.wall());
  } catch (error) {
    watch.close();
    if (!(error instanceof RunError)) throw error;
    throw new RunError(
      `--tls-cert ${quote(certificatePath, 200)}, --tls-key ${quote(keyPath, 200)}: ${error.message}`,
    );
  }
  const opened = tls;
  tellExpiry(opened, { log, clock });
  const daily = clock.every(DAY_MS, () => tellExpiry(opened, { log, clock }));
  return {
    tls,
    close(): void {
      watch.close();
      clock.cancel(daily);
    },
  };
}

/** A warning where it expires soon. */
function tellExpiry(tls: Certificates, { log, clock }: { readonly log: Log; readonly clock: Clock }): void {
  const left = tls.certificate.notAfter - clock.wall();
  if (left >= SOON_MS) return;
  const fields = { expires: day(tls), names: tls.certificate.names };
  if (left < 0) log.error("the certificate has expired: no client connects any more", fields);
  else log.warn("the certificate expires soon", { ...fields, days: Math.floor(left / DAY_MS) });
}

function day(tls: Certificates): string {
  return new Date(tls.certificate.notAfter).toISOString();
}
