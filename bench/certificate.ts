/**
 * The certificate that brokers show in shapes with TLS, made once a run: its own issuer, for localhost.
 *
 * @module
 */

/** Where it and its key are. */
export interface BenchCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly pem: string;
}

let made: Promise<BenchCertificate> | undefined;

/** Made with the first call, by openssl. */
export function benchCertificate(): Promise<BenchCertificate> {
  return made ??= make();
}

async function make(): Promise<BenchCertificate> {
  const folder = await Deno.makeTempDir({ prefix: "hashbus-bench-tls-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  // mosquitto gives up root for a user of its own before it reads
  await Deno.chmod(folder, 0o755);
  const [certificate, key] = [`${folder}/broker.crt`, `${folder}/broker.key`];
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"],
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`openssl made no certificate: ${new TextDecoder().decode(stderr)}`);
  await Deno.chmod(key, 0o644);
  return { certificate, key, pem: await Deno.readTextFile(certificate) };
}
