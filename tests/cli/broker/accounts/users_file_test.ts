import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readUsersFile, usersIn } from "../../../../lib/cli/broker/accounts/users_file.ts";
import { RunError, UsageError } from "../../../../lib/errors.ts";

const ALICE = `[[user]]
name = "alice"
secret = "$scrypt$ln=14,r=8,p=1$GbeO8aO+x+MNw3zXeeCmIg$p1wYuv6D+jGyoY8u1y1fEXOe1Ak9be3O7A+wTWGXPc0"
`;

function refusal(text: string | Uint8Array<ArrayBuffer>): string {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return assertThrows(() => usersIn({ path: "u.toml", bytes, topicMost: 100 }), UsageError).message;
}

Deno.test("what is wrong in a file of accounts is told with its line, a line each, and not without end", () => {
  assertEquals(refusal(Uint8Array.of(0xff)), "u.toml: not UTF-8: save the file in that encoding");
  const [line = "", ...more] = refusal('[[user]]\nname = "a"\nhash = \n').split("\n");
  assertEquals([line.startsWith("u.toml:3: not TOML: "), more], [true, []], line);
  const users = refusal('[[user]]\nname = "a"\n\n[[ user ]]\nname = "b"\n').split("\n");
  assertEquals(users.map((line) => line.split(" ")[0]), ["u.toml:1:", "u.toml:4:"], users.join("|"));
  const many = refusal('[[user]]\nname = "a"\n'.repeat(50)).split("\n");
  const shown = many.length - 1;
  assertEquals(/^u\.toml: and \d+ more$/.test(many.at(-1)!), true, many.at(-1));
  assertEquals(shown < 50 && many[0]?.startsWith("u.toml:1: "), true);
});

Deno.test("ten problems are told, each with its line, and how many there are besides", () => {
  const missing = 'user "a": secret is missing: make one with broker --hash-secret';
  for (const users of [1, 9, 10, 11, 50]) {
    const shown = Array.from({ length: Math.min(users, 10) }, (_, at) => `u.toml:${2 * at + 1}: ${missing}`);
    const more = users > 10 ? [`u.toml: and ${users - 10} more`] : [];
    assertEquals(refusal('[[user]]\nname = "a"\n'.repeat(users)).split("\n"), [...shown, ...more]);
  }
});

Deno.test("what is wrong with all of it, or with users that are written on one line, is told without a line", () => {
  assertEquals(refusal("").startsWith("u.toml: there is no [[user]] in it"), true);
  assertEquals(
    refusal('user = [{ name = "a" }]'),
    'u.toml: user "a": secret is missing: make one with broker --hash-secret',
  );
});

Deno.test("a file that others may write or read is told as that, and one that is not there with why", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, ALICE);
    const exposed = async (mode: number): Promise<string | undefined> => {
      await Deno.chmod(path, mode);
      return (await readUsersFile(path, 100)).exposed;
    };
    assertEquals(await exposed(0o600), undefined);
    assertEquals(await exposed(0o640), undefined);
    assertEquals(await exposed(0o644), "everybody on this machine may read it (mode 0644: chmod 600)");
    const written = "others than its owner may write it, and so let themselves in (mode";
    assertEquals(await exposed(0o660), `${written} 0660: chmod 600)`);
    assertEquals(await exposed(0o602), `${written} 0602: chmod 600)`);
  } finally {
    await Deno.remove(path);
  }
  const missing = await assertRejects(() => readUsersFile("/none/x", 100), RunError);
  assertEquals(missing.message, 'cannot read the accounts in "/none/x" (--users): no such file or directory');
});
