/**
 * Secrets that were found right a short time ago, so that a thousand clients that come again cost no thousand
 * hashes.
 *
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";
import type { Credentials } from "./gatekeeper.ts";

/** How long, milliseconds, and how many; the oldest are forgotten first. */
const KNOWN_MS = 10 * 60_000;
const KNOWN_MOST = 10_000;

/** Holds no secret: what it knows one by is of use to nobody without a key that ends with the process. */
export class KnownSecrets {
  readonly #key = randomBytes(32);
  /** What was found, by {@link markOf}: what it was held against, and until when that is known. */
  readonly #known = new Map<string, { readonly stored: string; readonly until: number }>();

  /** What stands for credentials: the same for the same. */
  markOf({ user, secret }: Credentials): string {
    return createHmac("sha256", this.#key).update(JSON.stringify([user, secret])).digest("base64");
  }

  /** Whether these were found to be right for what is stored, at this time. */
  has(mark: string, { stored, now }: { readonly stored: string; readonly now: number }): boolean {
    const known = this.#known.get(mark);
    return known !== undefined && known.stored === stored && now < known.until;
  }

  /** They were. */
  add(mark: string, { stored, now }: { readonly stored: string; readonly now: number }): void {
    this.#known.delete(mark);
    this.#known.set(mark, { stored, until: now + KNOWN_MS });
    if (this.#known.size <= KNOWN_MOST) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest!);
  }
}
