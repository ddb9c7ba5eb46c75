import { assertEquals, assertRejects } from "@std/assert";
import { credentialsFrom } from "../../../../lib/cli/broker/engine/open.ts";
import { ENGINE_OPTIONS, type EngineOptions } from "../../../../lib/cli/broker/engine/options.ts";
import { readValues } from "../../../../lib/cli/options/values.ts";
import { UsageError } from "../../../../lib/errors.ts";

/** The options with these files, which say so. */
async function withFiles<T>(
  files: Partial<Record<keyof EngineOptions, string>>,
  work: (options: EngineOptions) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir();
  try {
    const given = new Map<string, { source: string; from: string; texts: string[] }>();
    for (const [name, text] of Object.entries(files)) {
      const path = `${directory}/${name}`;
      await Deno.writeTextFile(path, text);
      given.set(name, { source: `--${name}`, from: "flag", texts: [path] });
    }
    return await work(readValues({ name: "broker", options: ENGINE_OPTIONS }, [given]));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a broker says to NATS who it is by what stands in files", async () => {
  assertEquals(await withFiles({ "engine-token-file": "s3cret\r\nsecond line\n" }, credentialsFrom), {
    token: "s3cret",
  });
  assertEquals(await withFiles({ "engine-creds": "-----BEGIN" }, credentialsFrom), {
    creds: new TextEncoder().encode("-----BEGIN"),
  });
  assertEquals(
    await withFiles(
      { "engine-password-file": "pa ss" },
      (options) => credentialsFrom({ ...options, "engine-user": "shop" }),
    ),
    { user: "shop", password: "pa ss" },
  );
  assertEquals(await withFiles({}, credentialsFrom), {});
});

Deno.test("a file of issuers or a certificate of its own means TLS, as the flag does", async () => {
  const nothing = { ca: undefined, cert: undefined, key: undefined };
  assertEquals(await withFiles({ "engine-ca": "CA" }, credentialsFrom), { tls: { ...nothing, ca: "CA" } });
  assertEquals(
    await withFiles({ "engine-cert": "CERT", "engine-key": "KEY" }, credentialsFrom),
    { tls: { ca: undefined, cert: "CERT", key: "KEY" } },
  );
  const flagged = await withFiles(
    {},
    (options) => credentialsFrom({ ...options, "engine-tls": true }),
  );
  assertEquals(flagged, { tls: nothing });
});

Deno.test("a file that says nothing, or that is not there, is told by its name", async () => {
  await assertRejects(
    () => withFiles({ "engine-token-file": "\nsecond\n" }, credentialsFrom),
    UsageError,
    "engine-token-file: the first line is to be a token for NATS, and it is empty",
  );
  await assertRejects(
    () => withFiles({}, (options) => credentialsFrom({ ...options, "engine-creds": "/nowhere/x.creds" })),
    UsageError,
    'cannot read the credentials (--engine-creds) "/nowhere/x.creds": no such file or directory',
  );
});
