/** F36: what of a certificate and a key is looked at before anybody is shown it. */
import { assertEquals, assertThrows } from "@std/assert";
import { RunError } from "../../../lib/errors.ts";
import { Certificates } from "../../../lib/sessions/tls/certificates.ts";
import { HAS_OPENSSL, type TestCertificate, TestIssuer } from "../../support/certificates.ts";

const options = { ignore: !HAS_OPENSSL }; // without openssl there are no certificates
const LOCKED = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
const LOCKED_BEFORE = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";

Deno.test(
  "a pair that cannot be shown is refused in one line that says what it is (F36)",
  options,
  async () => {
    await using issuer = await TestIssuer.make();
    const good = await issuer.issue();
    const damaged = (pem: string): string => pem.replace(/\n[\w+/]{6}/, "\nAAAAAA");
    const cases: ReadonlyArray<readonly [pair: TestCertificate, said: string]> = [
      [
        { ...good, key: (await issuer.issue()).key },
        "the key is not that of the certificate: give the two that belong together",
      ],
      [
        { ...good, certificate: good.key },
        "there is no certificate: PEM has a line -----BEGIN CERTIFICATE-----",
      ],
      [{ ...good, key: good.certificate }, "there is no key: PEM has a line -----BEGIN PRIVATE KEY-----"],
      [
        { ...good, key: LOCKED },
        "the key has a passphrase: write it without one (openssl pkey -in KEY -out FILE)",
      ],
      [
        { ...good, key: LOCKED_BEFORE },
        "the key has a passphrase: write it without one (openssl pkey -in KEY -out FILE)",
      ],
      [
        { ...good, key: damaged(good.key) },
        "the key is damaged, or of a kind that is not known: it cannot be read",
      ],
      [{ ...good, certificate: damaged(good.certificate) }, "the certificate is damaged: it cannot be read"],
    ];
    for (const [pair, said] of cases) {
      const error = assertThrows(() => new Certificates(pair, Date.now()), RunError);
      assertEquals(error.message, said);
    }
  },
);

Deno.test(
  "a certificate is valid from its first moment to its last, and not beside them (F36)",
  options,
  async () => {
    await using issuer = await TestIssuer.make();
    const pair = await issuer.issue({ names: "DNS:one.example" });
    const { names, notBefore, notAfter } = new Certificates(pair, Date.now()).certificate;
    assertEquals([names, notAfter - notBefore], ["DNS:one.example", 90 * 86_400_000]);
    for (const now of [notBefore, notAfter]) {
      assertEquals(new Certificates(pair, now).certificate, { names, notBefore, notAfter });
    }
    const iso = (time: number): string => new Date(time).toISOString();
    const late = assertThrows(() => new Certificates(pair, notAfter + 1), RunError);
    assertEquals(late.message, `the certificate has expired, on ${iso(notAfter)}: renew it`);
    const early = assertThrows(() => new Certificates(pair, notBefore - 1), RunError);
    assertEquals(
      early.message,
      `the certificate is not valid before ${iso(notBefore)}: is the clock right?`,
    );
  },
);

Deno.test("who listens is told of another certificate, and of none that was refused", options, async () => {
  await using issuer = await TestIssuer.make();
  const [one, two] = [await issuer.issue({ names: "DNS:one" }), await issuer.issue({ names: "DNS:two" })];
  const certificates = new Certificates(one, Date.now());
  const told: string[] = [];
  const stop = certificates.onReplaced(() => told.push(certificates.certificate.names));
  assertThrows(() => certificates.replace({ ...two, key: one.key }, Date.now()), RunError);
  assertEquals([told, certificates.certificate.names, certificates.pem], [[], "DNS:one", one]);
  certificates.replace(two, Date.now());
  assertEquals([told, certificates.pem], [["DNS:two"], two]);
  stop();
  certificates.replace(one, Date.now());
  assertEquals([told, certificates.pem], [["DNS:two"], one]);
});
