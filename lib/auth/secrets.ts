/**
 * Secrets as they are kept: what can be made from one, and from which it cannot be found again.
 *
 *     $scrypt$ln=15,r=8,p=3$<salt>$<hash>      base64 without =
 *
 * @module
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** What it costs to make one: 128 × r × 2^ln bytes, and p times the work. */
export interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** A secret as it is kept. */
export interface StoredSecret {
  /** As it is written. */
  readonly text: string;
  readonly cost: Cost;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** That of new ones: 32 MiB and some 0.3 s of a processor, one of those that OWASP names. */
export const COST: Cost = { ln: 15, r: 8, p: 3 };
/** That of the cheapest that are taken, a tenth of it: from elsewhere, or from a time to come. */
export const COST_LEAST: Cost = { ln: 14, r: 8, p: 1 };
/** Bytes that making one may take, and how much more work it may be than a new one's. */
const MEMORY_MOST = 256 * 1024 * 1024;
const WORK_MOST = 16;
const SALT_LEAST = 16;
const HASH_BYTES = 32;
/** Bytes of UTF-8 that a secret may have. */
export const SECRET_BYTES_MOST = 1024;

const WRITTEN = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Reads one; undefined: it is none, or too cheap, or too dear. Nothing of it is told to anybody. */
export function readStored(text: string): StoredSecret | undefined {
  const [, ln, r, p, salt = "", hash = ""] = WRITTEN.exec(text) ?? [];
  const cost: Cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (!(cost.ln >= COST_LEAST.ln && cost.r >= COST_LEAST.r && cost.p >= COST_LEAST.p)) return undefined;
  if (memoryOf(cost) > MEMORY_MOST || memoryOf(cost) * cost.p > WORK_MOST * memoryOf(COST) * COST.p) {
    return undefined;
  }
  const stored = { text, cost, salt: fromBase64(salt), hash: fromBase64(hash) };
  return stored.salt.length >= SALT_LEAST && stored.hash.length === HASH_BYTES ? stored : undefined;
}

/** Makes one of a secret. */
export async function hashSecret(secret: string, cost: Cost = COST): Promise<string> {
  const salt = randomBytes(SALT_LEAST);
  const { ln, r, p } = cost;
  const hash = await derive(secret, { cost, salt });
  return `$scrypt$ln=${ln},r=${r},p=${p}$${toBase64(salt)}$${toBase64(hash)}`;
}

/** One that no secret opens, which takes as long to find out as of one at that cost. */
export function lockedSecret(cost: Cost): StoredSecret {
  return { text: "", cost, salt: randomBytes(SALT_LEAST), hash: randomBytes(HASH_BYTES) };
}

/**
 * Whether it was made of this secret; takes as long either way. Rejects where there is no memory for it. To
 * scrypt a secret is the same with NULs behind it (HMAC fills its key up with them), and none has any.
 */
export async function isMadeOf({ cost, salt, hash }: StoredSecret, secret: string): Promise<boolean> {
  return timingSafeEqual(await derive(secret, { cost, salt }), hash) && !secret.includes("\0");
}

function derive(
  secret: string,
  { cost, salt }: { readonly cost: Cost; readonly salt: Uint8Array },
): Promise<Uint8Array> {
  const { ln, r, p } = cost;
  const options = { N: 2 ** ln, r, p, maxmem: 2 * memoryOf(cost) };
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, HASH_BYTES, options, (error, key) => error === null ? resolve(key) : reject(error));
  });
}

function memoryOf({ ln, r }: Cost): number {
  return 128 * r * 2 ** ln;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (error) {
    // a length that no bytes have
    if (error instanceof DOMException) return new Uint8Array(0);
    throw error;
  }
}
