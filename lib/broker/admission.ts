/**
 * Who is let in by a broker, and what who is not may do meanwhile.
 *
 * @module
 */
import { CONNECTIONS_PER_ADDRESS, LOGIN_TIMEOUT_MS } from "../limits.ts";
import type { ServerSettings } from "../sessions/mod.ts";
import type { BrokerOptions } from "./options.ts";

/** What a server is told of it. Without a gatekeeper everybody may come as often as there is room. */
export function admissionOf(
  { gatekeeper, loginTimeout = LOGIN_TIMEOUT_MS, connectionsPerAddress }: BrokerOptions,
): Pick<ServerSettings, "gatekeeper" | "loginTimeout" | "connectionsPerAddress"> {
  const most = gatekeeper === undefined ? Infinity : CONNECTIONS_PER_ADDRESS;
  return { gatekeeper, loginTimeout, connectionsPerAddress: connectionsPerAddress ?? most };
}
