/**
 * Accounts of a broker that is attacked: one for honest clients, and one that may do little.
 *
 * @module
 */
import { COST_LEAST, hashSecret } from "../../lib/auth/secrets.ts";

/** Who may do everything. */
export const HONEST = { user: "honest", token: "h0nest-s3cret" } as const;
/** Who may do little, and what an attacker knows of it. */
export const LITTLE = { user: "little", token: "l1ttle s3cret" } as const;
/** As it is said in a hello. */
export const LITTLE_SAYS = "user=little token=l1ttle%20s3cret";

/** Writes the file and says where. */
export async function usersFile(): Promise<string> {
  const text = `[[user]]
name = "${HONEST.user}"
publish = ["#>"]
subscribe = ["#>"]
secret = "${await hashSecret(HONEST.token, COST_LEAST)}"

[[user]]
name = "${LITTLE.user}"
publish = { allow = ["#p.>", "#d.p.>"], deny = ["#p.secret.>"] }
subscribe = { allow = ["#p.>", "#d.p.>"], deny = ["#p.secret.>"] }
secret = "${await hashSecret(LITTLE.token, COST_LEAST)}"
`;
  const path = await Deno.makeTempFile({ prefix: "hashbus-users-", suffix: ".toml" });
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  await Deno.chmod(path, 0o600);
  return path;
}
