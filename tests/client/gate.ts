/**
 * A TCP port in front of another that a test opens, shuts and points elsewhere: a network one can break.
 *
 * @module
 */

/** Shut at first; while it is shut, connections are closed as soon as they are made. */
export interface Gate extends AsyncDisposable {
  readonly port: number;
  /** Forwards new connections to this port. */
  open(to: number): void;
  /** From now on nothing comes back from there, until it is opened again. */
  mute(): void;
  /** Cuts what goes through and forwards no more. */
  shut(): void;
}

/** A gate on a free port. */
export function startGate(): Gate {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const passing: Promise<void>[] = [];
  let target: number | undefined;
  let cut = new AbortController();
  let muted = false;

  const answers = (): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> =>
    new TransformStream({
      transform: (chunk, controller) => {
        if (!muted) controller.enqueue(chunk);
      },
    });
  const pass = async (near: Deno.TcpConn, port: number): Promise<void> => {
    const { signal } = cut;
    const far = await Deno.connect({ port });
    // the first end or error in either direction ends both: that is how a broken network looks to the two
    // sides
    await Promise.allSettled([
      near.readable.pipeTo(far.writable, { signal }),
      far.readable.pipeThrough(answers()).pipeTo(near.writable, { signal }),
    ]);
  };
  const accepting = (async () => {
    for await (const conn of listener) {
      if (target === undefined) conn.close();
      else passing.push(pass(conn, target));
    }
  })();
  const shut = (): void => {
    target = undefined;
    cut.abort();
    cut = new AbortController();
  };
  return {
    port: listener.addr.port,
    open: (to) => {
      target = to;
      muted = false;
    },
    mute: () => {
      muted = true;
    },
    shut,
    [Symbol.asyncDispose]: async () => {
      shut();
      listener.close();
      await Promise.all([accepting, ...passing]);
    },
  };
}
