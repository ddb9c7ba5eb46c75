/**
 * The thread of a {@link import("./crowd.ts").Crowd}.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import type { CrowdNews, CrowdTask } from "./crowd.ts";

const HALF_A_LOGIN = new TextEncoder().encode("p1 hello 2 user=shop tok");

const scope = self as unknown as {
  onmessage: (event: MessageEvent<CrowdTask>) => void;
  postMessage(news: CrowdNews): void;
};
scope.onmessage = ({ data }) => void be(data);

async function be({ host, port, count, manner, aSecond, comesAgainFor }: CrowdTask): Promise<void> {
  const begin = performance.now();
  const stays: number[] = [];
  const over: Promise<void>[] = [];
  let failed = 0;
  let connects = 0;
  const one = async (): Promise<void> => {
    do {
      connects++;
      const came = performance.now();
      try {
        using connection = await Deno.connect({ hostname: host, port });
        if (manner === "half a login") await connection.write(HALF_A_LOGIN);
        const into = new Uint8Array(512);
        while (await connection.read(into) !== null);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failed++;
      }
      stays.push(performance.now() - came);
    } while (performance.now() - begin < comesAgainFor);
  };
  for (let at = 0; at < count; at++) {
    over.push(one());
    const ahead = 1000 * at / aSecond - (performance.now() - begin);
    if (ahead > 5) await new Promise((resolve) => setTimeout(resolve, ahead));
  }
  scope.postMessage({ is: "there", took: performance.now() - begin, failed });
  await Promise.all(over);
  scope.postMessage({
    is: "gone",
    first: stays.reduce((least, stay) => Math.min(least, stay), Infinity),
    last: stays.reduce((most, stay) => Math.max(most, stay), 0),
    connects,
  });
}
