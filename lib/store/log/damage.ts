/**
 * What is said where something that was stored is not as it was written.
 *
 * @module
 */

/** A checksum does not match, or a batch is missing. The message is for a person. */
export class DamageError extends Error {
  override readonly name = "DamageError";
}

/** The messages of a topic from one sequence number to before another are gone. */
export function missing(topic: string, from: number, end: number): DamageError {
  return new DamageError(`of ${topic} the messages ${from} to ${end - 1} are missing`);
}
