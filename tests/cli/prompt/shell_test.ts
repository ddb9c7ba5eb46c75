import { assertEquals } from "@std/assert";
import { isOrphaned } from "../../../lib/cli/prompt/shell.ts";
import { standIn } from "../stand_in.ts";

const options = { ignore: Deno.build.os !== "linux" }; // elsewhere there is no /proc to be looked at

/** What is known of this process and its ancestors, from it on: parent, group and session of each. */
function among(...jobs: readonly (readonly [parent: number, group: number, session: number])[]): Disposable {
  const pids = [Deno.pid, ...jobs.map(([parent]) => parent)];
  return standIn(Deno, "readTextFileSync", (path) => {
    const at = pids.findIndex((pid) => path === `/proc/${pid}/stat`);
    const job = jobs[at];
    if (job === undefined) throw new Deno.errors.NotFound(`${path}`);
    return `${pids[at]} (a) name (with) parentheses) S ${job.join(" ")} 34816 0`;
  });
}

Deno.test("with an ancestor in the session that is a job of its own there is a shell", options, () => {
  {
    using _jobs = among([20, 30, 10], [10, 10, 10], [1, 5, 5]);
    assertEquals(isOrphaned(), false, "the parent is the shell");
  }
  using _jobs = among([20, 30, 10], [15, 30, 10], [10, 10, 10], [1, 5, 5]);
  assertEquals(isOrphaned(), false, "the parent is of the same job, and its parent the shell");
});

Deno.test("where all of the session is this job, nobody could continue it", options, () => {
  {
    using _jobs = among([20, 30, 30], [1, 20, 20]);
    assertEquals(isOrphaned(), true, "the parent is of another session");
  }
  {
    using _jobs = among([20, 30, 30], [15, 30, 30], [1, 15, 15]);
    assertEquals(isOrphaned(), true, "and so is that of the parent");
  }
  using _jobs = among([20, 30, 30], [0, 30, 30]);
  assertEquals(isOrphaned(), true, "there is nobody beyond");
});

Deno.test("where that cannot be found out there is a shell", options, () => {
  {
    using _jobs = among();
    assertEquals(isOrphaned(), false);
  }
  using _jobs = among([20, 30, 30]);
  assertEquals(isOrphaned(), false);
});

Deno.test({
  name: "who may not do everything does not ask for /proc: there is a shell",
  ...options,
  permissions: { read: true },
  fn: () => {
    using _jobs = among([20, 30, 30], [1, 20, 20]);
    assertEquals(isOrphaned(), false);
  },
});

Deno.test("the first process of a system may be an ancestor of the same session", options, () => {
  using _jobs = among([1, 30, 1], [0, 1, 1]);
  assertEquals(isOrphaned(), false, "it is a job of its own");
});
