/** F36: certificates that cannot be used, at the start and later. */
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { type CertificateFiles, openCertificates } from "../../../lib/cli/broker/tls/certificate_files.ts";
import { checkTlsOptions } from "../../../lib/cli/broker/tls/options.ts";
import { RunError, UsageError } from "../../../lib/errors.ts";
import type { LogFields } from "../../../lib/log.ts";
import { HAS_OPENSSL, type TestCertificate, TestIssuer } from "../../support/certificates.ts";
import { within } from "../../support/within.ts";
import { Signals, standIn } from "../stand_in.ts";

const options = { ignore: !HAS_OPENSSL }; // without openssl there are no certificates
const DAY_MS = 86_400_000;

/** Events as they are logged, each waited for. */
class Events {
  readonly all: Array<readonly [event: string, fields: LogFields]> = [];
  #wake = (): void => {};

  readonly #add = (event: string, fields: LogFields = {}): void => {
    this.all.push([event, fields]);
    this.#wake();
  };
  readonly log = { debug: this.#add, info: this.#add, warn: this.#add, error: this.#add };

  /** The next, which is taken out. */
  async next(): Promise<readonly [event: string, fields: LogFields]> {
    while (this.all.length === 0) {
      await within("an event", new Promise<void>((resolve) => this.#wake = resolve));
    }
    return this.all.shift()!;
  }
}

/** The files of a pair in a folder. */
class Files {
  constructor(readonly folder: string) {}

  get "tls-cert"(): string {
    return `${this.folder}/served.crt`;
  }

  get "tls-key"(): string {
    return `${this.folder}/served.key`;
  }

  write({ certificate, key }: TestCertificate): void {
    Deno.writeTextFileSync(this["tls-cert"], certificate);
    Deno.writeTextFileSync(this["tls-key"], key);
  }
}

function opened(
  files: Files,
  events: Events,
  now: () => number = Date.now,
): Promise<CertificateFiles | undefined> {
  return openCertificates(files, {
    log: events.log,
    clock: { ...SYSTEM_CLOCK, wall: now },
    lookEvery: 5,
  });
}

Deno.test("what cannot be served is refused at the start, with what is wrong (F36)", options, async () => {
  await using issuer = await TestIssuer.make();
  const files = new Files(issuer.folder);
  const good = await issuer.issue();
  const other = await issuer.issue();
  const locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
  const cases: ReadonlyArray<readonly [pair: TestCertificate, said: RegExp]> = [
    [{ ...good, key: other.key }, /the key is not that of the certificate/],
    [{ ...good, certificate: good.key }, /there is no certificate/],
    [{ ...good, key: good.certificate }, /there is no key/],
    [{ ...good, key: "" }, /there is no key/],
    [{ ...good, key: locked }, /the key has a passphrase/],
    [{ ...good, key: good.key.replace(/\n[\w+/]{6}/, "\nAAAAAA") }, /the key is damaged/],
    [{ ...good, certificate: good.certificate.replace(/\n[\w+/]{6}/, "\nAAAAAA") }, /certificate is damaged/],
    [await issuer.issue({ days: -1 }), /the certificate has expired, on \d{4}-/],
  ];
  for (const [pair, said] of cases) {
    files.write(pair);
    const error = await assertRejects(() => opened(files, new Events()), RunError);
    assertMatch(error.message, said);
    assertMatch(error.message, /^--tls-cert ".*served.crt", --tls-key ".*served.key": [^\n]*$/);
  }
  files.write(good);
  const early = await assertRejects(() => opened(files, new Events(), () => Date.now() - DAY_MS), RunError);
  assertMatch(early.message, /is not valid before/);
  await Deno.remove(files["tls-key"]);
  const missing = await assertRejects(() => opened(files, new Events()), UsageError);
  assertMatch(missing.message, /^cannot read its key \(--tls-key\) ".*": no such file/);
});

Deno.test(
  "a pair that changes is loaded, a bad one is told in one line and not (F36)",
  options,
  async () => {
    await using issuer = await TestIssuer.make();
    const files = new Files(issuer.folder);
    files.write(await issuer.issue({ names: "DNS:one.example" }));
    const events = new Events();
    const certificates = (await opened(files, events))!;
    const names = (): string => certificates.tls.certificate.names;
    try {
      assertEquals(names(), "DNS:one.example");
      const two = await issuer.issue({ names: "DNS:two.example" });
      files.write({ ...two, key: "half a ke" });
      const [event, { reason }] = await events.next();
      assertEquals(event, "certificate not loaded, the one before stays");
      assertMatch(String(reason), /there is no key/);
      assertEquals(names(), "DNS:one.example");
      files.write(two);
      assertEquals((await events.next())[0], "certificate loaded");
      assertEquals(names(), "DNS:two.example");
      await Deno.remove(files["tls-cert"]);
      const [, { reason: missing }] = await events.next();
      assertMatch(String(missing), /no such file/);
      assertEquals(names(), "DNS:two.example");
    } finally {
      certificates.close();
    }
  },
);

Deno.test({
  name: "a SIGHUP loads the pair again (F36)",
  ignore: !HAS_OPENSSL || Deno.build.os === "windows", // nobody can send one there
  fn: async () => {
    await using issuer = await TestIssuer.make();
    const files = new Files(issuer.folder);
    files.write(await issuer.issue());
    const events = new Events();
    using signals = new Signals();
    const certificates = (await opened(files, events))!;
    signals.send("SIGHUP");
    const [event, { why }] = await events.next();
    assertEquals([event, why], ["certificate loaded", "SIGHUP"]);
    certificates.close();
  },
});

Deno.test("when it is closed, or could not be opened, nothing is watched any more", options, async () => {
  await using issuer = await TestIssuer.make();
  const files = new Files(issuer.folder);
  const waiting = new Set<unknown>();
  const add = (_signal: string, listener: unknown): void => void waiting.add(listener);
  const remove = (_signal: string, listener: unknown): void => void waiting.delete(listener);
  using _added = standIn(Deno, "addSignalListener", add as typeof Deno.addSignalListener);
  using _removed = standIn(Deno, "removeSignalListener", remove as typeof Deno.removeSignalListener);
  const clock = {
    ...SYSTEM_CLOCK,
    every: (ms: number) => (waiting.add(ms), ms),
    cancel: (timer: unknown) => void waiting.delete(timer),
  };
  const { log } = new Events();
  files.write({ ...await issuer.issue(), key: "" });
  await assertRejects(() => openCertificates(files, { log, clock, lookEvery: 5 }), RunError);
  assertEquals(waiting.size, 0);
  files.write(await issuer.issue());
  const certificates = await openCertificates(files, { log, clock, lookEvery: 5 });
  assertEquals(waiting.size, 3, "SIGHUP, the files, and once a day");
  certificates!.close();
  assertEquals(waiting.size, 0);
});

Deno.test("that a certificate expires is told a month before, and when it has (F36)", options, async () => {
  await using issuer = await TestIssuer.make();
  const files = new Files(issuer.folder);
  files.write(await issuer.issue({ days: 20 }));
  const events = new Events();
  let daily = (): void => {};
  let now = Date.now();
  const clock = {
    ...SYSTEM_CLOCK,
    wall: () => now,
    every: (ms: number, callback: () => void) => (ms === DAY_MS && (daily = callback), 0),
  };
  const certificates = await openCertificates(files, { log: events.log, clock });
  const [event, { days }] = await events.next();
  assertEquals([event, days], ["the certificate expires soon", 19]);
  now += 18 * DAY_MS;
  daily();
  assertEquals((await events.next())[1]["days"], 1);
  now += 10 * DAY_MS;
  daily();
  assertEquals((await events.next())[0], "the certificate has expired: no client connects any more");
  certificates?.close();
});

Deno.test(
  "the month before a certificate expires begins and ends to the millisecond (F36)",
  options,
  async () => {
    await using issuer = await TestIssuer.make();
    const files = new Files(issuer.folder);
    files.write(await issuer.issue({ days: 60 }));
    let daily = (): void => {};
    let now = Date.now();
    const clock = {
      ...SYSTEM_CLOCK,
      wall: () => now,
      every: (ms: number, callback: () => void) => (ms === DAY_MS && (daily = callback), 0),
    };
    const { all, log } = new Events();
    const certificates = (await openCertificates(files, { log, clock }))!;
    assertEquals(all, [], "it is more than a month away");
    const { notAfter, names } = certificates.tls.certificate;
    const expires = new Date(notAfter).toISOString();
    const told = (left: number): unknown => {
      now = notAfter - left;
      daily();
      return all.splice(0);
    };
    const soon = (days: number): unknown => [["the certificate expires soon", { expires, names, days }]];
    assertEquals([told(30 * DAY_MS + 1), told(30 * DAY_MS)], [[], []]);
    assertEquals([told(30 * DAY_MS - 1), told(DAY_MS), told(0)], [soon(29), soon(1), soon(0)]);
    assertEquals(told(-1), [["the certificate has expired: no client connects any more", {
      expires,
      names,
    }]]);
    certificates.close();
  },
);

Deno.test(
  "that it expires soon is told of a pair that is loaded later, too, with what was loaded (F36)",
  options,
  async () => {
    await using issuer = await TestIssuer.make();
    const files = new Files(issuer.folder);
    files.write(await issuer.issue());
    const events = new Events();
    const certificates = (await opened(files, events))!;
    try {
      files.write(await issuer.issue({ days: 5 }));
      const [[loaded, fields], [soon, { days }]] = [await events.next(), await events.next()];
      const expires = new Date(certificates.tls.certificate.notAfter).toISOString();
      assertEquals([loaded, fields], ["certificate loaded", {
        why: "changed",
        file: files["tls-cert"],
        expires,
      }]);
      assertEquals([soon, days], ["the certificate expires soon", 4]);
    } finally {
      certificates.close();
    }
  },
);

Deno.test("TLS that is not asked for is none, and nothing is read for it", async () => {
  const { log } = new Events();
  for (const pair of [[undefined, undefined], ["/none/a", undefined], [undefined, "/none/b"]] as const) {
    const [certificate, key] = pair;
    assertEquals(await openCertificates({ "tls-cert": certificate, "tls-key": key }, { log }), undefined);
  }
});

Deno.test("A certificate without a key is no TLS, nor a key without a certificate", () => {
  checkTlsOptions({ "tls-cert": undefined, "tls-key": undefined });
  checkTlsOptions({ "tls-cert": "a", "tls-key": "b" });
  assertThrows(
    () => checkTlsOptions({ "tls-cert": "a", "tls-key": undefined }),
    UsageError,
    "--tls-key FILE",
  );
  assertThrows(
    () => checkTlsOptions({ "tls-cert": undefined, "tls-key": "b" }),
    UsageError,
    "--tls-cert FILE",
  );
});
