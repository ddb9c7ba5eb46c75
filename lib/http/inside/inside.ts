/**
 * Clients of the broker in its own process: what comes over HTTP goes this way, so that permissions, limits
 * and backpressure are those of any other connection.
 *
 * @module
 */
import type { Visitor } from "../../auth/gatekeeper.ts";
import type { Grant } from "../../auth/grant.ts";
import { type Broker, type Listener, PUBLISHERS, SUBSCRIBERS } from "../../broker/mod.ts";
import { type Host, THIS_MACHINE } from "../../client/host.ts";
import { openPublisher } from "../../client/publishing/publisher.ts";
import { openSubscriber } from "../../client/subscribing/subscriber.ts";
import type { ClientEvent, Publisher, Subscriber } from "../../client/types.ts";
import { pipe } from "./pipe.ts";

/** Who asks, and from where. */
export interface RemoteVisitor extends Visitor {
  readonly port: number;
}

/** Who is behind a connection. */
export interface Guest {
  readonly grant: Grant;
  readonly visitor: RemoteVisitor;
}

/** The ways in, as snapshots and logs name them. */
const NAME = "http";
const TO_PUBLISH: Listener = { ...PUBLISHERS, name: NAME };
const TO_SUBSCRIBE: Listener = { ...SUBSCRIBERS, name: NAME };

/** Opens connections. Each is ended by who asked for it. */
export class Inside {
  readonly #broker: Broker;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Rejects with RunError, as where there are too many connections. */
  publisher(guest: Guest): Promise<Publisher> {
    return openPublisher(optionsOf(guest), this.#hostOf(guest, TO_PUBLISH));
  }

  /** The same; `onEvent` is told of gaps and of what else no iteration tells. */
  subscriber(guest: Guest, onEvent: (event: ClientEvent) => void): Promise<Subscriber> {
    return openSubscriber({ ...optionsOf(guest), onEvent }, this.#hostOf(guest, TO_SUBSCRIBE));
  }

  #hostOf({ grant, visitor }: Guest, listener: Listener): Host {
    return {
      ...THIS_MACHINE,
      connect: () => {
        const { broker, client } = pipe();
        void this.#broker.serve(broker, { listener, address: addressOf(visitor), grant });
        return Promise.resolve(client);
      },
    };
  }
}

/** As that of a socket is written. */
function addressOf({ address, port }: RemoteVisitor): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function optionsOf({ visitor }: Guest): {
  readonly id: string;
  readonly protocol: "2";
  readonly reconnect: false;
  readonly connectTimeout: 0;
  readonly pingAfter: 0;
} {
  // a broker in the same process answers, or is over and closes the connection
  return { id: visitor.id, protocol: "2", reconnect: false, connectTimeout: 0, pingAfter: 0 };
}
