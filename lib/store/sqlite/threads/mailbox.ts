/**
 * Requests to a thread that sleeps until one comes. Woken through shared memory, it begins several times
 * sooner than one whose event loop gets a message: docs/decisions/0004 has the figures.
 *
 * @module
 */
import { type MessagePort as NodePort, receiveMessageOnPort } from "node:worker_threads";

/** What the thread is sent, once, to find its mailbox. */
export interface MailboxAddress {
  readonly port: MessagePort;
  /** An int32 that changes with every request. */
  readonly signal: SharedArrayBuffer;
}

/** The end that asks. */
export class Post<Request> {
  /** To be sent to the thread; the port has to be transferred. */
  readonly address: MailboxAddress;
  readonly #port: MessagePort;
  readonly #signal: Int32Array;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    const signal = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#port = port1;
    this.#signal = new Int32Array(signal);
    this.address = { port: port2, signal };
  }

  send(request: Request, transfer: Transferable[] = []): void {
    this.#port.postMessage(request, transfer);
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  close(): void {
    this.#port.close();
  }
}

/** The end that answers: in a thread of its own, since waiting stops everything else there. */
export class Mailbox<Request> {
  readonly #port: MessagePort;
  readonly #signal: Int32Array;
  #seen = 0;

  constructor({ port, signal }: MailboxAddress) {
    this.#port = port;
    this.#signal = new Int32Array(signal);
  }

  /** Sleeps until there is a request, for so many milliseconds at most. */
  wait(milliseconds: number): void {
    Atomics.wait(this.#signal, 0, this.#seen, Math.max(0, milliseconds));
    // read before the requests are: what comes behind it ends the next wait at once
    this.#seen = Atomics.load(this.#signal, 0);
  }

  /** The next request, if there is one. */
  take(): Request | undefined {
    // the one kind of port there is, under its other declaration
    const port = this.#port as unknown as NodePort;
    return (receiveMessageOnPort(port) as { readonly message: Request } | undefined)?.message;
  }

  close(): void {
    this.#port.close();
  }
}
