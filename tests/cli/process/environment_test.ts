import { assertEquals, assertThrows } from "@std/assert";
import {
  forgetVariables,
  hostName,
  isSet,
  mayEverything,
  mayRead,
  mayRun,
  mayWrite,
  personalPath,
  variable,
} from "../../../lib/cli/process/environment.ts";
import { UsageError } from "../../../lib/errors.ts";
import { standIn, standInEnvironment } from "../stand_in.ts";

Deno.test("a variable that is empty is not set, and one that is no text is set and cannot be read", () => {
  using _environment = standInEnvironment({ FULL: "x", EMPTY: "" });
  assertEquals([variable("FULL"), variable("EMPTY"), variable("NONE")], ["x", undefined, undefined]);
  assertEquals([isSet("FULL"), isSet("EMPTY"), isSet("NONE")], [true, false, false]);
  using _get = standIn(Deno.env, "get", () => {
    throw new Deno.errors.InvalidData("not UTF-8");
  });
  assertThrows(() => variable("FULL"), UsageError, "FULL is not UTF-8");
  assertEquals(isSet("FULL"), true);
  using _bug = standIn(Deno.env, "get", () => {
    throw new TypeError("a bug");
  });
  assertThrows(() => isSet("FULL"), TypeError);
});

Deno.test("variables that are to be forgotten are, and no others", () => {
  using _environment = standInEnvironment({ HASHBUS_TOKEN: "t", HOME: "/h" });
  forgetVariables((name) => name.startsWith("HASHBUS_"));
  assertEquals(Deno.env.toObject(), { HOME: "/h" });
});

Deno.test("a person's files are where XDG says, where that is absolute, else in HOME, and else nowhere", () => {
  const at = (variables: Readonly<Record<string, string>>): readonly (string | undefined)[] => {
    using _environment = standInEnvironment(variables);
    return [personalPath("config", "c"), personalPath("state", "s")];
  };
  assertEquals(at({}), [undefined, undefined]);
  assertEquals(at({ HOME: "/h" }), ["/h/.config/hashbus/c", "/h/.local/state/hashbus/s"]);
  assertEquals(at({ HOME: "/h", XDG_CONFIG_HOME: "/x", XDG_STATE_HOME: "y" }), [
    "/x/hashbus/c",
    "/h/.local/state/hashbus/s",
  ]);
  assertEquals(at({ XDG_STATE_HOME: "/y" }), [undefined, "/y/hashbus/s"]);
  using _windows = standIn(Deno, "build", { ...Deno.build, os: "windows" });
  assertEquals(at({ HOME: "/h", APPDATA: "C:\\a", LOCALAPPDATA: "C:\\b" }), [
    "C:\\a\\hashbus\\c",
    "C:\\b\\hashbus\\s",
  ]);
  assertEquals(at({ HOME: "/h" }), [undefined, undefined]);
});

Deno.test("with all rights everything may be", () => {
  assertEquals([mayRead("/x"), mayWrite("/x"), mayRun("x"), mayEverything()], [true, true, true, true]);
  assertEquals(hostName(), Deno.hostname());
});

Deno.test({
  name: "what may not be read is as if it were not there",
  permissions: { read: ["/tmp"], write: false, run: false, env: false, sys: false },
  fn: () => {
    assertEquals([mayRead("/tmp/x"), mayRead("/etc"), mayWrite("/tmp/x"), mayRun("ls")], [
      true,
      false,
      false,
      false,
    ]);
    assertEquals([mayEverything(), hostName(), variable("HOME"), isSet("HOME")], [
      false,
      undefined,
      undefined,
      false,
    ]);
    forgetVariables(() => true);
  },
});
