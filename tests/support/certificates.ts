/**
 * Certificates for tests, made when they are asked for: a key in a repository alarms who looks for secrets.
 *
 * @module
 */

/** Whether they can be made. */
export const HAS_OPENSSL = await runs(["version"]);

/** A pair of PEM texts. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is to say. */
export interface CertificateOptions {
  /** As openssl writes subjectAltName (localhost and its addresses). */
  readonly names?: string;
  /** Days from now until it expires; below 0: it has (90). */
  readonly days?: number;
  readonly kind?: "ec" | "rsa" | "ed25519";
}

const LOCAL = "DNS:localhost,IP:127.0.0.1,IP:::1";
const KEYS: Readonly<Record<"ec" | "rsa" | "ed25519", readonly string[]>> = {
  ec: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
  rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  ed25519: ["-algorithm", "ED25519"],
};

/** An issuer in a folder of its own, which goes with it. */
export class TestIssuer implements AsyncDisposable {
  readonly folder: string;
  readonly #certificate: string;
  #made = 0;

  private constructor(folder: string, certificate: string) {
    this.folder = folder;
    this.#certificate = certificate;
  }

  static async make(): Promise<TestIssuer> {
    const folder = await Deno.makeTempDir();
    await openssl(folder, ["genpkey", ...KEYS.ec, "-out", "ca.key"]);
    const subject = ["-subj", "/CN=Issuer of a test", "-days", "3650"];
    await openssl(folder, ["req", "-x509", "-key", "ca.key", "-out", "ca.crt", ...subject]);
    return new TestIssuer(folder, await Deno.readTextFile(`${folder}/ca.crt`));
  }

  /** What a client trusts: PEM. */
  get certificate(): string {
    return this.#certificate;
  }

  /** The same as a file. */
  get path(): string {
    return `${this.folder}/ca.crt`;
  }

  /** A certificate of this issuer's. */
  async issue(
    { names = LOCAL, days = 90, kind = "ec" }: CertificateOptions = {},
  ): Promise<TestCertificate> {
    const name = `${++this.#made}`;
    await Deno.writeTextFile(`${this.folder}/${name}.ext`, `subjectAltName=${names}\n`);
    await openssl(this.folder, ["genpkey", ...KEYS[kind], "-out", `${name}.key`]);
    await openssl(this.folder, ["req", "-new", "-key", `${name}.key`, "-out", `${name}.csr`, "-subj", "/"]);
    const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", name, "-extfile", `${name}.ext`];
    const period = ["-days", String(days)];
    await openssl(this.folder, [
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-out",
      `${name}.crt`,
      ...by,
      ...period,
    ]);
    return {
      certificate: await Deno.readTextFile(`${this.folder}/${name}.crt`),
      key: await Deno.readTextFile(`${this.folder}/${name}.key`),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [...args],
    cwd,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`openssl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function runs(args: readonly string[]): Promise<boolean> {
  try {
    await openssl(".", args);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
