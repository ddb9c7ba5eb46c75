/**
 * Connections that send a broker all they can, in a process of their own: a flood must not take the time of
 * the client under test.
 *
 *     deno run --allow-net tests/client/flood.ts <publishers' port> <connections>
 *
 * Says `flooding` when all are at it, and goes on until it is killed or the broker is gone.
 *
 * @module
 */
const [port = 0, connections = 0] = Deno.args.map(Number);
const records = new TextEncoder().encode("pub #flood 1\nx\n".repeat(4096));

async function flood(): Promise<() => Promise<void>> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode("flood hello 2\n"));
  return async () => {
    const reading = (async () => {
      const answers = new Uint8Array(65_536);
      while (await conn.read(answers) !== null);
    })();
    const writing = (async () => {
      for (;;) {
        for (let at = 0; at < records.length;) at += await conn.write(records.subarray(at));
      }
    })();
    await Promise.race([reading, writing]).catch(() => {}); // however the broker ends it
  };
}

const floods = await Promise.all(Array.from({ length: connections }, flood));
const running = Promise.all(floods.map((start) => start()));
await Deno.stdout.write(new TextEncoder().encode("flooding\n"));
await running;
Deno.exit(0);
