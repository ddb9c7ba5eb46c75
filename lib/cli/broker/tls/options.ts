/**
 * The broker's options for TLS.
 *
 * @module
 */
import { UsageError } from "../../../errors.ts";
import { option, type Table } from "../../options/table.ts";
import { FILE } from "../../options/units.ts";

/** Where certificate and key are. */
export const TLS_OPTIONS = {
  "tls-cert": option(FILE, {
    help: "speak TLS on both ports, with this certificate: PEM, those between it and a root behind it; " +
      "read again when it changes",
  }),
  "tls-key": option(FILE, { help: "the key of that certificate: PEM, without a passphrase" }),
} as const satisfies Table;

/** What they come to. */
export interface TlsOptions {
  readonly "tls-cert": string | undefined;
  readonly "tls-key": string | undefined;
}

/** Throws UsageError for one without the other. */
export function checkTlsOptions({ "tls-cert": certificate, "tls-key": key }: TlsOptions): void {
  if ((certificate === undefined) === (key === undefined)) return;
  const [there, missing] = certificate === undefined
    ? ["--tls-key", "--tls-cert"]
    : ["--tls-cert", "--tls-key"];
  throw new UsageError(`${there} needs ${missing} FILE, too: TLS takes both; see broker --help`);
}
