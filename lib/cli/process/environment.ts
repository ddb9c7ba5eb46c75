/**
 * What the process was started in: environment variables, the machine's name, where a person's files are.
 *
 * Whoever runs a program with fewer rights than it asks for is not asked for more: what may not be read is
 * as if it were not there.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";

/** An environment variable; undefined where it is not set, or empty. Throws UsageError when it is no text. */
export function variable(name: string): string | undefined {
  if (!may({ name: "env", variable: name })) return undefined;
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) throw new UsageError(`${name} is not UTF-8`);
    throw error;
  }
}

/** Whether an environment variable is set to anything but nothing; what it says may be no text. */
export function isSet(name: string): boolean {
  try {
    return variable(name) !== undefined;
  } catch (error) {
    if (error instanceof UsageError) return true;
    throw error;
  }
}

/**
 * Takes variables out of this process's environment, so that what it starts does not get them; where it may
 * not see all of them they stay.
 */
export function forgetVariables(which: (name: string) => boolean): void {
  if (!may({ name: "env" })) return;
  for (const name of Object.keys(Deno.env.toObject())) if (which(name)) Deno.env.delete(name);
}

/** The name of this machine. */
export function hostName(): string | undefined {
  return may({ name: "sys", kind: "hostname" }) ? Deno.hostname() : undefined;
}

/** Whether a file may be read, as far as the rights of the program go. */
export function mayRead(path: string): boolean {
  return may({ name: "read", path });
}

/** Whether a file may be written, as far as the rights of the program go. */
export function mayWrite(path: string): boolean {
  return may({ name: "write", path });
}

/** Whether a command may be run, as far as the rights of the program go. */
export function mayRun(command: string): boolean {
  return may({ name: "run", command });
}

/** Whether nothing is kept from the program (`-A`): what it takes to read some files of the system. */
export function mayEverything(): boolean {
  const names = ["read", "write", "net", "env", "run", "sys", "ffi"] as const;
  return names.every((name) => may({ name }));
}

/** What is kept for a person: what was set up, and what a program keeps from one run to the next. */
export type Kept = "config" | "state";

const WINDOWS_FOLDER: Readonly<Record<Kept, string>> = { config: "APPDATA", state: "LOCALAPPDATA" };
const XDG: Readonly<Record<Kept, readonly [variable: string, inHome: string]>> = {
  config: ["XDG_CONFIG_HOME", ".config"],
  state: ["XDG_STATE_HOME", ".local/state"],
};

/**
 * Where a file of a person's is, a path for this system; undefined where nothing says where that is. The XDG
 * specification has a folder that is not absolute ignored.
 */
export function personalPath(kept: Kept, file: string): string | undefined {
  if (Deno.build.os === "windows") {
    const folder = variable(WINDOWS_FOLDER[kept]);
    return folder === undefined ? undefined : `${folder}\\hashbus\\${file}`;
  }
  const [name, inHome] = XDG[kept];
  const folder = variable(name);
  if (folder?.startsWith("/")) return `${folder}/hashbus/${file}`;
  const home = variable("HOME");
  return home === undefined ? undefined : `${home}/${inHome}/hashbus/${file}`;
}

function may(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}
