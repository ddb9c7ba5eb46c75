import type { Grant } from "../../lib/auth/grant.ts";
import type { Gatekeeper } from "../../lib/auth/gatekeeper.ts";

/** Lets nobody in, and takes for ever to say so. */
export const CLOSED: Gatekeeper = {
  admit: () => {},
  admitClassic: () => undefined,
  renew: (grant: Grant) => grant,
};
