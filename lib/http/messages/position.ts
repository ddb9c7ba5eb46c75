/**
 * Positions in a query, as the programs have them.
 *
 * @module
 */
import type { Position, SubscribeOptions } from "../../client/types.ts";
import { type Ago, type Last, parsePosition } from "../../positions.ts";
import { badQuery } from "../answers.ts";

type From = NonNullable<SubscribeOptions["from"]>;

/** `from=`. Throws Problem. */
export function readFrom(text: string): From {
  if (text === "earliest" || text === "latest" || text === "now") return text;
  const position = parsePosition(text);
  if (position?.kind === "last" && position.asOf === undefined) return text as Last;
  const read = positionOf(text);
  if (read !== undefined) return read;
  throw badQuery("from", text, `earliest, latest, -10 (the last ten), ${EXAMPLES}`);
}

/** `to=`. Throws Problem. */
export function readTo(text: string): Position {
  const read = positionOf(text);
  if (read !== undefined) return read;
  throw badQuery("to", text, EXAMPLES);
}

const EXAMPLES = "a sequence number, -10m (ten minutes ago) or a time such as 2026-01-31T09:00:00Z";

function positionOf(text: string): Position | undefined {
  const position = parsePosition(text);
  switch (position?.kind) {
    case "sequence":
      return position.sequence;
    case "ago":
      return text as Ago;
    case "time":
      return new Date(position.time);
  }
  return undefined;
}
