/**
 * From options to the connections an engine has.
 *
 * @module
 */
import { RunError } from "../errors.ts";
import type { LinkOptions } from "./connection_options.ts";
import { isHopeless, NatsConnectionLink } from "./link.ts";
import type { NatsOptions } from "./options.ts";

/** The connections of one engine. */
export interface Links {
  /** What it sends does not come back. */
  readonly link: NatsConnectionLink;
  /** What groups come by: what this broker sends reaches them as what others do. */
  readonly groupLink: NatsConnectionLink;
}

/** Between two attempts, milliseconds; and what a server may take at most. */
const RETRY_MS = 250;
const ATTEMPT_MS = 5_000;

/** Connects, for as long as `connectTimeout` says. Rejects with RunError. */
export async function openLinks(options: NatsOptions): Promise<Links> {
  const until = performance.now() + options.connectTimeout;
  const link = await open(options, { echo: false, until });
  try {
    return { link, groupLink: await open(options, { echo: true, until }) };
  } catch (error) {
    await new Promise<void>((resolve) => link.close(resolve));
    throw error;
  }
}

async function open(
  { servers, name, credentials, connectTimeout }: NatsOptions,
  { echo, until }: { readonly echo: boolean; readonly until: number },
): Promise<NatsConnectionLink> {
  const at = servers.join(", ");
  const options: LinkOptions = {
    servers,
    name: echo ? `${name} groups` : name,
    credentials,
    echo,
    timeout: ATTEMPT_MS,
  };
  for (;;) {
    try {
      return await attempt(options, until - performance.now());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (isHopeless(error)) {
        throw new RunError(`NATS at ${at} does not let this broker in: ${reason}`, "DENIED");
      }
      if (until - performance.now() <= RETRY_MS) {
        throw new RunError(
          `NATS cannot be reached at ${at} within ${connectTimeout / 1000} s: ${reason}`,
          "NO_BROKER",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** One attempt within so many milliseconds, in which each server has its turn. */
async function attempt(options: LinkOptions, left: number): Promise<NatsConnectionLink> {
  const share = Math.max(1, Math.min(ATTEMPT_MS, left / options.servers.length));
  const opening = NatsConnectionLink.open(options, share);
  const late = Promise.withResolvers<never>();
  // a name may have several addresses, which the client tries one after the other
  const timer = setTimeout(() => {
    late.reject(new Error("it takes too long"));
    opening.then((link) => link.close(() => {}), () => {});
  }, Math.max(0, left) + RETRY_MS);
  try {
    return await Promise.race([opening, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
