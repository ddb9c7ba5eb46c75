import { assertEquals, assertThrows } from "@std/assert";
import { credentialsFrom } from "../../../lib/cli/client/credentials.ts";
import { UsageError } from "../../../lib/errors.ts";
import { standInEnvironment } from "../stand_in.ts";

function given(user: string | undefined, file?: string, token?: string): ReturnType<typeof credentialsFrom> {
  using _environment = standInEnvironment(token === undefined ? {} : { HASHBUS_TOKEN: token });
  return credentialsFrom({ user, "token-file": file });
}

function refusal(user: string | undefined, file?: string, token?: string): string {
  return assertThrows(() => given(user, file, token), UsageError).message;
}

Deno.test("a token is the first line of the file that is named, or what the environment has", () => {
  const file = Deno.makeTempFileSync();
  try {
    assertEquals(given("a", undefined, "t"), { user: "a", token: "t" });
    for (const text of ["s", "s\n", "s\r\nmore\n"]) {
      Deno.writeTextFileSync(file, text);
      assertEquals(given("a", file, "t"), { user: "a", token: "s" });
    }
    assertEquals(given(undefined, undefined, "t"), undefined, "it may be for another broker");
    for (const text of ["", "\ns", "\r\n"]) {
      Deno.writeTextFileSync(file, text);
      assertEquals(refusal("a", file), `${file}: the first line is to be a token, and it is empty`);
    }
    assertEquals(
      refusal(undefined, file),
      "--token-file says what shows who --user is: give --user NAME, too",
    );
  } finally {
    Deno.removeSync(file);
  }
  assertEquals(refusal("a", "/none/x"), 'cannot read the token in "/none/x": no such file or directory');
  assertEquals(
    refusal("a"),
    'there is no token for --user "a": set HASHBUS_TOKEN, or give --token-file FILE',
  );
});
