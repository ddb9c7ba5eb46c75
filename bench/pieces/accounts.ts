/**
 * One account, for what it costs that there are any: it may publish and subscribe to all but three patterns each.
 *
 * @module
 */
import { parse } from "smol-toml";
import { readAccounts } from "../../lib/auth/accounts.ts";
import { Doorkeeper } from "../../lib/auth/doorkeeper.ts";
import { hashSecret } from "../../lib/auth/secrets.ts";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import type { PathOptions } from "./path.ts";

const TOPIC_MOST = 255;
const TOKEN = "rather-a-long-word";
const DENY = '["#orders.secret.>", "#billing.*", "#a.*.b"]';

/** Who lets it in, and what it says. */
export async function accounts(): Promise<NonNullable<PathOptions["accounts"]>> {
  const rule = `{ allow = ["#>"], deny = ${DENY} }`;
  const secret = await hashSecret(TOKEN);
  const file = `[[user]]\nname = "x"\npublish = ${rule}\nsubscribe = ${rule}\nsecret = "${secret}"\n`;
  const read = readAccounts(parse(file), TOPIC_MOST);
  if (!("accounts" in read)) throw new Error(`the account is refused: ${JSON.stringify(read)}`);
  const options = { accounts: read.accounts, topicMost: TOPIC_MOST, clock: SYSTEM_CLOCK, log: SILENT_LOG };
  return { gatekeeper: new Doorkeeper(options), login: ` user=x token=${TOKEN}` };
}
