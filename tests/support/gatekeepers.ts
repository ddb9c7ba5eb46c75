import { type Grant, UNLIMITED } from "../../lib/auth/grant.ts";
import type { Gatekeeper } from "../../lib/auth/gatekeeper.ts";

/** Lets nobody in, and takes for ever to say so. */
export const CLOSED: Gatekeeper = {
  admit: () => {},
  admitClassic: () => undefined,
  renew: (grant: Grant) => grant,
};

/** Lets in who speaks the classic protocol, and asks nothing. */
export const OPEN_TO_CLASSIC: Gatekeeper = { ...CLOSED, admitClassic: () => UNLIMITED };
