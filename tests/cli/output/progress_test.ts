import { assertEquals } from "@std/assert";
import { FakeTime } from "../fake_time.ts";
import { Progress } from "../../../lib/cli/output/progress.ts";
import { standIn, StandInStream } from "../stand_in.ts";

const CLEAR = "\r\x1b[K";

function columns(columns: number): Disposable {
  return standIn(Deno, "consoleSize", () => ({ columns, rows: 24 }));
}

Deno.test("nothing is drawn within a second, nor where nobody looks, and then how much and how fast", () => {
  using time = new FakeTime();
  using stderr = new StandInStream("stderr");
  using _columns = columns(81);
  const hidden = new Progress({ did: "published", shown: false });
  hidden.watch(() => 5);
  const progress = new Progress({ did: "published", shown: true });
  let done = 0;
  progress.watch(() => done);
  progress.printAbove("a line\n");
  assertEquals(stderr.take(), "a line\n");
  done = 1234;
  time.pass(999);
  assertEquals(stderr.take(), "");
  time.pass(1);
  assertEquals(stderr.take(), `${CLEAR}1,234 published, 1,234/s`);
  done = 3000;
  time.pass(500);
  assertEquals(stderr.take().split(CLEAR).at(-1), "3,000 published, 2,000/s");
  progress.printAbove("another\n");
  assertEquals(stderr.take(), `${CLEAR}another\n`);
  progress.printAbove("more\n");
  assertEquals(stderr.take(), "more\n", "nothing is there to be taken away");
  time.pass(100);
  stderr.take();
  progress.end();
  assertEquals(stderr.take(), CLEAR);
  time.pass(1000);
  progress.end();
  hidden.end();
  assertEquals(stderr.take(), "");
});

Deno.test("of a total there is a bar as wide as there is room for, up to all of it, and no line is wider than the row", () => {
  using time = new FakeTime();
  using stderr = new StandInStream("stderr");
  const drawn = (done: number, width: number, total: number | undefined = 200): string => {
    using _columns = columns(width);
    const progress = new Progress({ did: "sent", ...(total === undefined ? {} : { total }), shown: true });
    progress.watch(() => done);
    time.pass(1000);
    const line = stderr.take().split(CLEAR).at(-1)!;
    progress.end();
    stderr.take();
    return line;
  };
  const text = "25% 50 of 200 sent, 50/s";
  assertEquals(drawn(50, 120), `[${"#".repeat(6)}${".".repeat(18)}] ${text}`);
  assertEquals(drawn(50, text.length + 3 + 1 + 12), `[${"#".repeat(3)}${".".repeat(9)}] ${text}`);
  assertEquals(drawn(50, text.length + 3 + 1 + 8), `[##......] ${text}`);
  assertEquals(drawn(50, text.length + 3 + 1 + 7), text);
  assertEquals(drawn(50, 11), text.slice(0, 10));
  assertEquals(drawn(300, 120), `[${"#".repeat(24)}] 100% 300 of 200 sent, 300/s`);
  assertEquals(drawn(50, 9, 0).length, 8);
});

Deno.test("work that lets no timer run draws by itself, ten times a second at most", () => {
  using time = new FakeTime();
  using stderr = new StandInStream("stderr");
  using _columns = columns(120);
  const progress = new Progress({ did: "verified", shown: true });
  const shown = (done: number): string => {
    progress.show(done, 400);
    return stderr.take();
  };
  time.pass(1000);
  assertEquals(shown(100), `${CLEAR}[${"#".repeat(6)}${".".repeat(18)}] 25% 100 of 400 verified, 100/s`);
  time.pass(99);
  assertEquals(shown(150), "");
  time.pass(1);
  assertEquals(shown(200).endsWith("50% 200 of 400 verified, 182/s"), true);
  progress.clear();
  assertEquals(stderr.take(), CLEAR);
  progress.clear();
  assertEquals(stderr.take(), "");
});
