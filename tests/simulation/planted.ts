/**
 * Bugs that are put in on purpose, to see how many seeds it takes to find them.
 *
 * @module
 */
import type { Edit } from "./planting.ts";

/** By name. */
export const PLANTED: ReadonlyMap<string, readonly Edit[]> = new Map([
  ["acknowledge before commit", [
    {
      file: "lib/engine/durable/commit_log.ts",
      find: "    this.#options.store.commit(commit,",
      replace: `    for (const { acknowledgement } of pieces) {
      const { level } = this.#options;
      acknowledgement.acknowledge({ reached: 0, level, last: undefined, topic: undefined });
    }
    this.#options.store.commit(commit,`,
    },
    {
      file: "lib/engine/durable/commit_log.ts",
      find: "      acknowledgement.acknowledge({ reached, level, last, topic: part.route.topic });",
      replace: "      void [level, last];",
    },
  ]],
  ["deliver before commit", [
    {
      file: "lib/engine/durable/commit_log.ts",
      find: "    this.#options.store.commit(commit,",
      replace: `    for (const { part } of pieces) if (part !== undefined) this.#options.deliver(part);
    this.#options.store.commit(commit,`,
    },
    {
      file: "lib/engine/durable/commit_log.ts",
      find: "      reached = this.#options.deliver(part);",
      replace: "      reached = 0;",
    },
  ]],
  ["a sequence number is used again after a crash", [
    {
      file: "lib/store/sqlite/writer/topics.ts",
      find: "next: newest === undefined ? floor :",
      replace: "next: newest === undefined ? Math.min(floor, 1) :",
    },
  ]],
  ["ids are forgotten at a restart", [
    {
      file: "lib/engine/durable/engine.ts",
      find: "of store.recentIds) this.#dedup.restore",
      replace: "of store.recentIds.slice(0, 0)) this.#dedup.restore",
    },
  ]],
  ["a decoder keeps its state behind an error", [
    {
      file: "lib/protocols/frames/decoder.ts",
      find: "    this.#skip = what.frame - end;",
      replace: "    this.#skip = Math.max(0, what.frame - end - 1);",
    },
  ]],
  ["an outbox without a bound", [
    {
      file: "lib/sessions/outbox/outbox.ts",
      find: "    return held + cost <= this.most && held + cost <= this.#settings.memory.share;",
      replace: "    return held + cost <= 1000 * this.most && held + cost <= this.#settings.memory.share;",
    },
  ]],
  ["a gap is not told", [
    {
      file: "lib/sessions/outbox/outbox.ts",
      find: "      const gap = first.gap > 0 ? first.owner?.takeGap(first) : undefined;",
      replace: "      const gap = first.gap > 1 ? first.owner?.takeGap(first) : undefined;",
    },
  ]],
  ["a chunk is released once too often", [
    {
      file: "lib/sessions/outbox/outbox.ts",
      find: "    if (this.#current !== undefined) this.#queue.letGo(this.#current);",
      replace: `    if (this.#current !== undefined) {
      this.#queue.letGo(this.#current);
      this.#queue.letGo(this.#current);
    }`,
    },
  ]],
  ["a chunk is released once too seldom", [
    {
      file: "lib/sessions/outbox/outbox.ts",
      find: "    if (this.#current !== undefined) this.#queue.letGo(this.#current);",
      replace: "",
    },
  ]],
  ["a follower joins one batch late", [
    {
      file: "lib/engine/durable/following.ts",
      find: 'ends[at] === "caught up" && replay.cursor.after >= handedOn;',
      replace: 'ends[at] === "caught up" && replay.cursor.after >= handedOn - 1;',
    },
  ]],
  ["a follower joins one batch early", [
    {
      file: "lib/engine/durable/replay.ts",
      find: "    if (run.stored.batch > this.#cursor.after) {",
      replace: "    if (run.stored.batch >= this.#cursor.after) {",
    },
  ]],
  ["a drain forgets a held publisher", [
    {
      file: "lib/sessions/connection.ts",
      find: "    this.#settings.flushes.flush();\n    await this.#allAnswered();\n    await new Promise",
      replace: "    this.#settings.flushes.flush();\n    await new Promise",
    },
  ]],
  ["a ticket is settled twice", [
    {
      file: "lib/sessions/reply_queue.ts",
      find: '      if (!("code" in answer)) this.#succeeded(next.count, answer);',
      replace: `      if (!("code" in answer)) this.#succeeded(next.count, answer);
      if (!("code" in answer) && next.count > 1) this.#succeeded(1, answer);`,
    },
  ]],
  ["a message that is stored already is refused with a commit", [
    {
      file: "lib/engine/durable/refusals.ts",
      find: "claimant?.isStored !== false;",
      replace: "claimant?.isStored === true;",
    },
  ]],
  ["what a member of a group had not been sent is forgotten", [
    {
      file: "lib/engine/groups/group.ts",
      find: "    for (const run of unsent) this.#waitingMessages += run.count;",
      replace: `    for (const run of unsent) run.release();
    unsent = [];`,
    },
  ]],
  ["a message of a group goes to two members", [
    {
      file: "lib/engine/groups/group.ts",
      find: "    if (this.#blocks) this.#keep(run.kept(given, left));",
      replace: `    const again = given > 0 ? 1 : 0;
    if (this.#blocks) this.#keep(run.kept(given - again, left + again));`,
    },
  ]],
  ["a member of a group has no window", [
    {
      file: "lib/engine/groups/members.ts",
      find: "    return this.window - this.holds;",
      replace: "    return this.window + 1 - this.holds;",
    },
  ]],
  ["a lease has no end", [
    {
      file: "lib/engine/groups/sharing.ts",
      find: "    return this.#owner.clock + this.#owner.ackTimeout;",
      replace: "    return this.#owner.clock + 1000 * this.#owner.ackTimeout;",
    },
  ]],
  ["a lease ends by the wall clock", [
    {
      file: "lib/engine/durable/engine.ts",
      find: "Math.max(0, now - (this.#ticked ?? now)), TICK_MOST);",
      replace: "Math.max(0, now - (this.#ticked ?? now)), Infinity);",
    },
  ]],
  ["an ack is answered before the commit", [
    {
      file: "lib/engine/groups/progress.ts",
      find: "    const taken = this.ledger.take();",
      replace: `    for (const answer of answers.splice(0)) answer.acknowledge(this.#done);
    const taken = this.ledger.take();`,
    },
  ]],
  ["what is settled out of order is forgotten at a restart", [
    {
      file: "lib/engine/groups/ledger.ts",
      find: "      const account = { settled: ranges, attempts: readAttempts(attempts) };",
      replace: "      const account = { settled: new SequenceRanges(), attempts: readAttempts(attempts) };",
    },
  ]],
  ["attempts are not counted", [
    {
      file: "lib/engine/groups/sharing.ts",
      find: "    const attempt = grant.attempt + (unused ? 0 : 1);",
      replace: '    const attempt = grant.attempt + (unused || cause === "timeout" ? 0 : 1);',
    },
  ]],
  ["a dead letter is stored, and settled later", [
    {
      file: "lib/engine/groups/progress.ts",
      find: "    for (const burial of burials) this.#settle(burial);",
      replace: "",
    },
    {
      file: "lib/engine/groups/progress.ts",
      find: "        for (const answer of answers) answer.acknowledge(this.#done);",
      replace: `        for (const answer of answers) answer.acknowledge(this.#done);
        for (const burial of burials) {
          this.#settle(burial);
          this.#owner.settlements.changed(this, "soon");
        }`,
    },
  ]],
  ["a message is leased to two", [
    {
      file: "lib/engine/groups/sharing.ts",
      find: "    for (const grant of grants) this.#leases.grant(place, grant, this.#until);",
      replace: `    for (const grant of grants) {
      this.#leases.grant(place, grant, this.#until);
      this.#redelivery.add({ ...grant, cause: "timeout", before: place }, 0);
    }`,
    },
  ]],
  ["retention deletes what a group has not settled", [
    {
      file: "lib/store/log/retention.ts",
      find: "(back.has(batch.topic) || this.#port.isHeld(batch))",
      replace: "(back.has(batch.topic) && this.#port.isHeld(batch))",
    },
  ]],
  ["a message that is given back for later comes at once", [
    {
      file: "lib/engine/groups/sharing.ts",
      find: "attempt > this.#owner.maxAttempts ? 0 : delay);",
      replace: "attempt > 1 ? 0 : delay);",
    },
  ]],
  ["a key goes to whoever is next", [
    {
      file: "lib/engine/groups/keys.ts",
      find: "    if (this.#members.takes(owner.place)) return owner.place;",
      replace: "    const next = this.#members.next();\n    if (next !== undefined) return next;",
    },
  ]],
  ["a key moves while the member before still holds some of it", [
    {
      file: "lib/engine/groups/keys.ts",
      find: "owner === undefined || (holder !== undefined && holder !== owner)",
      replace: "owner === undefined || (holder === undefined && holder === owner)",
    },
  ]],
  ["what comes behind of a key passes what was given back", [
    {
      file: "lib/engine/groups/keys.ts",
      find: "    return key.first === undefined && key.back === undefined ? this.#freeFor(key) : undefined;",
      replace: "    return key.first === undefined ? this.#freeFor(key) : undefined;",
    },
    {
      file: "lib/engine/groups/keys.ts",
      find: "      if (back !== undefined && back.order < waiting.order) break;",
      replace: "      if (back !== undefined && back.order < waiting.order && waiting.order < 0) break;",
    },
  ]],
  ["what comes behind of a key passes what is set aside", [
    {
      file: "lib/engine/groups/keys.ts",
      find: "    return key.first === undefined && key.back === undefined ? this.#freeFor(key) : undefined;",
      replace: `    if (key.back !== undefined) return undefined;
    return this.#freeFor(key) ?? (key.first === undefined ? undefined : this.#members.next());`,
    },
  ]],
  ["what is due later comes a little before", [
    {
      file: "lib/engine/durable/delays.ts",
      find: "    const [now, after, without] = [this.#now, this.#after",
      replace: "    const [now, after, without] = [this.#now + 200, this.#after",
    },
  ]],
  ["what is due is taken from what waits before it is appended", [
    {
      file: "lib/engine/durable/delays.ts",
      find: "    for (const piece of pieces.values()) this.#options.append(piece, this);",
      replace: `    if (pieces.size === 0) return;
    const moved = [...pieces.values()].flatMap(({ moved }) => moved!.runs);
    this.#options.store.commit({ appends: [], moved }, () => {
      for (const piece of pieces.values()) this.#options.append(piece, this);
      this.#options.flush();
    });`,
    },
    {
      file: "lib/engine/durable/commit_parts.ts",
      find: "isNew.flatMap(({ moved }) => moved?.runs ?? []),",
      replace: "[],",
    },
  ]],
  ["what is due comes in the order in which it was published", [
    {
      file: "lib/engine/durable/delays.ts",
      find: "    for (const run of runs) {\n      const { topic } = run;",
      replace:
        "    for (const run of runs.toSorted((one, other) => one.id - other.id)) {\n      const { topic } = run;",
    },
  ]],
  ["what waits is forgotten when a broker begins", [
    {
      file: "lib/engine/durable/delays.ts",
      find: "    this.#next = options.store.state.delayed > 0 ? -Infinity : Infinity;",
      replace: "    this.#next = Infinity;",
    },
  ]],
  ["a page that was read for who has left is delivered", [
    {
      file: "lib/engine/durable/following.ts",
      find: "    if (staying.length < replays.length ||",
      replace: "    if (staying.length > replays.length ||",
    },
  ]],
  ["what may not be received is replayed", [
    {
      file: "lib/store/wanted.ts",
      find: "  return reception === undefined || receives(reception, topic);",
      replace: "  return reception === undefined || receives(reception, topic) || true;",
    },
  ]],
  ["a page that was being read when a right was taken away is delivered", [
    {
      file: "lib/engine/durable/following.ts",
      find: "replays.length || one.grant !== grant) {",
      replace: "replays.length) {",
    },
  ]],
  ["what may be received is remembered when accounts have changed", [
    {
      file: "lib/engine/routing.ts",
      find: "    this.#changes.add(EVERY_TOPIC);",
      replace: "    void EVERY_TOPIC;",
    },
  ]],
  ["who is connected keeps its rights", [
    {
      file: "lib/sessions/renewal.ts",
      find: "  session.grant = renewed ?? NOTHING;",
      replace: "  if (renewed === undefined) session.grant = NOTHING;",
    },
  ]],
  ["a group is joined by who may receive some of it", [
    {
      file: "lib/sessions/permissions.ts",
      find: "  if (!grant.mayShare(pattern)) {",
      replace: "  if (!grant.maySubscribe(pattern)) {",
    },
    {
      file: "lib/sessions/group_member.ts",
      find: "?.mayReceive(run.route.topic) === false) {",
      replace: "?.mayReceive(run.route.topic) === undefined) {",
    },
  ]],
  ["a member stays in a group that it may not share any more", [
    {
      file: "lib/sessions/memberships.ts",
      find:
        "      if (shareRefusal(this.#owner, member.terms.pattern) !== undefined) this.#deny(key, member);",
      replace: "      void [key, member, shareRefusal];",
    },
    {
      file: "lib/sessions/group_member.ts",
      find: "?.mayReceive(run.route.topic) === false) {",
      replace: "?.mayReceive(run.route.topic) === undefined) {",
    },
  ]],
  ["a dead letter is received by who may not receive the message", [
    {
      file: "lib/topics/reception.ts",
      find: "    return receives(reception, `#${topic.slice(dot + 1)}`);",
      replace: "    return receives(reception, `#${topic.slice(dot + 1)}`) || true;",
    },
  ]],
  ["what one account may publish others may", [
    {
      file: "lib/sessions/permissions.ts",
      find: "route.openTo === grant) return undefined;",
      replace: "route.openTo !== undefined) return undefined;",
    },
  ]],
  ["an account publishes as fast as it can", [
    {
      file: "lib/sessions/admission/publish_rate.ts",
      find: "    this.#messages -= messages;\n",
      replace: "",
    },
  ]],
]);
