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

/** A topic that something was stored in, by its id or its name, is gone. */
export function missingTopic(topic: number | string): DamageError {
  return new DamageError(`topic ${topic} is missing`);
}

/** What was read behind one batch was committed before it. */
export function misplaced(batch: number): DamageError {
  return new DamageError(`batch ${batch} is not where it belongs`);
}
