/** The socket to itself by which a process finds out that its event loop has turned. */
import { assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { ProcessLoop } from "../../../lib/sessions/turns/event_loop.ts";
import { standIn } from "../../cli/stand_in.ts";
import { within } from "../../support/within.ts";

/** The two ends of the socket. */
interface Ends {
  readonly loop: ProcessLoop;
  readonly there: Deno.TcpConn;
  readonly back: Deno.TcpConn;
  /** Resolves when it is connected, or has found that it cannot be. */
  readonly opened: Promise<void>;
  /** What was set of them. */
  readonly set: string[];
}

/** Begins to connect one, and closes it at once; `first` is done before it is connected. */
async function opening(
  { closes = false, first }: {
    readonly closes?: boolean;
    readonly first?: (port: number) => Promise<unknown>;
  } = {},
): Promise<Ends> {
  const loop = new ProcessLoop();
  const set: string[] = [];
  const [there, back] = [Promise.withResolvers<Deno.TcpConn>(), Promise.withResolvers<Deno.TcpConn>()];
  const { listen, connect } = Deno;
  using _listen = standIn(
    Deno,
    "listen",
    ((options: Deno.TcpListenOptions) => {
      const listener = listen(options);
      const accept = listener.accept.bind(listener);
      listener.accept = async () => {
        const accepted = await accept();
        const unref = accepted.unref.bind(accepted);
        accepted.unref = () => (set.push("it keeps no process alive"), unref());
        back.resolve(accepted);
        return accepted;
      };
      return listener;
    }) as typeof Deno.listen,
  );
  using _connect = standIn(
    Deno,
    "connect",
    (async (options: Deno.ConnectOptions) => {
      await first?.(options.port);
      const connected = await connect(options);
      const setNoDelay = connected.setNoDelay.bind(connected);
      connected.setNoDelay = (on) => (set.push(`no delay ${on}`), setNoDelay(on));
      there.resolve(connected);
      return connected;
    }) as typeof Deno.connect,
  );
  const opened = loop.open();
  if (closes) loop.close();
  return { loop, there: await there.promise, back: await back.promise, opened, set };
}

/** Resolves when the loop says so. */
function turned(loop: ProcessLoop): Promise<void> {
  return within("a turn of the event loop", new Promise((resolve) => loop.later(resolve)));
}

async function assertClosed(...ends: readonly Deno.TcpConn[]): Promise<void> {
  for (const end of ends) await assertRejects(() => end.write(Uint8Array.of(0)), Deno.errors.BadResource);
}

Deno.test("a turn goes through the socket, and by immediates before it is there and when it is gone", async () => {
  const unopened = new ProcessLoop();
  await turned(unopened);
  unopened.close();
  const { loop, there, back, opened } = await opening();
  await opened;
  let written = 0;
  const write = there.write.bind(there);
  there.write = (bytes) => (written++, write(bytes));
  await turned(loop);
  await turned(loop);
  assertEquals(written, 2);
  there.close();
  await turned(loop);
  assertEquals(written, 3);
  await assertClosed(back);
  await turned(loop);
  assertEquals(written, 3, "it is not asked again");
  loop.close();
});

Deno.test("a loop that is closed while it connects leaves nothing open, nor one that is closed twice", async () => {
  const { loop, there, back, opened } = await opening({ closes: true });
  await opened;
  await assertClosed(there, back);
  await turned(loop);
  loop.close();
});

Deno.test("where somebody else was first, it is nobody's byte that is waited for", async () => {
  let other: Deno.TcpConn | undefined;
  const { connect } = Deno;
  const { loop, there, back, opened } = await opening({
    first: async (port) => other = await connect({ hostname: "127.0.0.1", port }),
  });
  await opened;
  await assertClosed(there, back);
  await turned(loop);
  loop.close();
  other?.close();
});

Deno.test("several that connect at a time each have a socket of their own", async () => {
  const loops = Array.from({ length: 3 }, () => new ProcessLoop());
  const ports = new Set<number>();
  const { connect } = Deno;
  const noting = async (options: Deno.ConnectOptions): Promise<Deno.TcpConn> => {
    ports.add(options.port);
    return await connect(options);
  };
  {
    using _connect = standIn(Deno, "connect", noting as typeof Deno.connect);
    await Promise.all(loops.map((loop) => loop.open()));
  }
  assertEquals(ports.size, loops.length);
  for (const loop of loops) await turned(loop);
  for (const loop of loops) loop.close();
});

Deno.test("the socket waits for no more to be sent, and keeps no process alive", async () => {
  const { loop, opened, set } = await opening();
  await opened;
  assertEquals(set, ["no delay true", "it keeps no process alive"]);
  loop.close();
});

Deno.test("a loop that is opened again has the socket it has", async () => {
  const { loop, there, opened } = await opening();
  await opened;
  let connects = 0;
  {
    const none = (): Promise<never> => Promise.reject(new Error(`${++connects}`));
    using _connect = standIn(Deno, "connect", none as unknown as typeof Deno.connect);
    await loop.open();
  }
  assertEquals(connects, 0);
  await turned(loop);
  await there.write(new Uint8Array(0));
  loop.close();
  await assertClosed(there);
});

Deno.test("where there is no socket as many immediates stand in for it as a runtime counts between two looks", async () => {
  const loop = new ProcessLoop();
  let immediates = 0;
  let over = false;
  loop.later(() => over = true);
  while (!over) {
    await new Promise<void>((resolve) => setImmediate(() => resolve()));
    immediates++;
  }
  assertEquals(immediates, 62);
  loop.close();
});

Deno.test("what is set going at once is done when a dozen promises were waited for", async () => {
  const loop = new ProcessLoop();
  let promises = 0;
  let over = false;
  loop.settled(() => over = true);
  while (!over) {
    await null;
    promises++;
  }
  assertEquals(promises, 12);
  loop.close();
});
