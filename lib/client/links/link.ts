/**
 * One connection from its first byte to its last, in either protocol.
 *
 * @module
 */
import type { ClassicLink } from "./classic_link.ts";
import type { FrameLink } from "./frame_link.ts";

/** A connection in use; `protocol` tells which it is. */
export type Link = ClassicLink | FrameLink;
