import type { PlaceOwner } from "../../../lib/engine/groups/members.ts";

/** Of places that are looked at by themselves. */
export const NO_OWNER: PlaceOwner = {
  changed: () => {},
  passed: () => {},
  left: () => {},
  settle: () => false,
  holdsAll: () => false,
  giveBack: () => false,
  extend: () => false,
};
