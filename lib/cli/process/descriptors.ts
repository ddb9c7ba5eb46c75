/**
 * How many files and sockets the system lets this process have open at a time.
 *
 * @module
 */
import { DESCRIPTORS_KEPT } from "../../limits.ts";

/**
 * Descriptors that are left; undefined: not known. Linux tells, and Deno lets only those ask who may do
 * everything; it has raised the soft limit to the hard one when it began.
 */
export function descriptorsLeft(): number | undefined {
  try {
    const most = limitIn(Deno.readTextFileSync("/proc/self/limits"));
    return most === undefined ? undefined : most - [...Deno.readDirSync("/proc/self/fd")].length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** The soft limit in `/proc/self/limits`; undefined: there is none. */
export function limitIn(text: string): number | undefined {
  const [, most] = /^Max open files +(\d+) /m.exec(text) ?? [];
  return most === undefined ? undefined : Number(most);
}

/** How many connections fit, to the broker's own ports and to HTTP: each gets less in the same proportion. */
export function placesWithin(
  wanted: { readonly connections: number; readonly http: number },
  left: number | undefined,
): { readonly connections: number; readonly http: number } {
  const all = wanted.connections + wanted.http;
  const fit = connectionsWithin(all, left);
  const http = Math.ceil(wanted.http * fit / all);
  return { connections: Math.max(1, fit - http), http };
}

/** How many connections fit, of so many that are wanted: some descriptors are kept, half of them at most. */
export function connectionsWithin(wanted: number, left: number | undefined): number {
  if (left === undefined) return wanted;
  return Math.min(wanted, Math.max(1, left - DESCRIPTORS_KEPT, Math.floor(left / 2)));
}
