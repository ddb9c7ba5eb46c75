/**
 * A broker whose connections the test speaks for, line by line, in the place of one that decides for itself.
 *
 * @module
 */
import type { GroupListing, Listener } from "../../../../lib/broker/mod.ts";
import type { RedrivingBroker } from "../../../../lib/cli/broker/groups/redrive.ts";
import { RawClient } from "../../../support/raw_client.ts";
import { within } from "../../../support/within.ts";

/** What stands for each connection, in the order in which they are opened. */
export class ScriptedBroker implements RedrivingBroker {
  /** What is listed, each time it is asked. */
  listing: () => Promise<GroupListing[]> = () => Promise.resolve([]);
  /** By which listener each connection came, and what it may do. */
  readonly origins: Parameters<RedrivingBroker["serve"]>[1][] = [];
  /** Until it resolves, who closes a connection waits. */
  served: (listener: Listener) => Promise<void> = () => Promise.resolve();
  readonly #connections: RawClient[] = [];
  #wake = (): void => {};

  readonly serve: RedrivingBroker["serve"] = (transport, origin) => {
    this.origins.push(origin);
    this.#connections.push(new RawClient(transport));
    this.#wake();
    return this.served(origin.listener);
  };

  groups(): Promise<GroupListing[]> {
    return this.listing();
  }

  /** The broker's end of the next connection. */
  async next(): Promise<RawClient> {
    while (this.#connections.length === 0) {
      await within("a connection", new Promise<void>((resolve) => this.#wake = resolve));
    }
    return this.#connections.shift()!;
  }
}

/** A group of which there is this to say. */
export function listed(name: string, pattern: string, lag = 0): GroupListing {
  return { name, pattern, lag, outstanding: 0, members: 0, settling: undefined, oldest: undefined };
}
