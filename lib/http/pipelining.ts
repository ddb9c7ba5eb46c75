/**
 * Requests that a connection sends in a row, without waiting for their answers (RFC 9112, 9.3.2).
 *
 * @module
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PIPELINED_MOST } from "./limits.ts";

/** A request, and what is written to answer it. */
type Exchange = readonly [incoming: IncomingMessage, outgoing: ServerResponse];

/**
 * Guarantees: of a connection one request is answered at a time, in their order, and the next one when that
 * answer has been taken or cut off: an answer always has its socket, whose end it is told of. Who has sent
 * more than {@link PIPELINED_MOST} behind one is cut off, for what is read at once may hold a thousand.
 */
export function oneByOne(answer: RequestListener): RequestListener {
  /** What waits behind the request that is being answered; undefined: none is. */
  const waiting = new WeakMap<Socket, Exchange[]>();
  const begin = ([incoming, outgoing]: Exchange): void => {
    outgoing.once("close", () => goOn(incoming.socket));
    answer(incoming, outgoing);
  };
  const goOn = (socket: Socket): void => {
    const next = waiting.get(socket)?.shift();
    if (next === undefined) waiting.delete(socket);
    // an answer that ends the connection is the last
    else if (next[1].socket !== null) begin(next);
  };
  return (incoming, outgoing) => {
    const { socket } = incoming;
    const row = waiting.get(socket);
    if (row === undefined) {
      waiting.set(socket, []);
      begin([incoming, outgoing]);
    } else if (row.length < PIPELINED_MOST) row.push([incoming, outgoing]);
    else socket.destroy();
  };
}
