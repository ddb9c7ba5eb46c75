import { assert, assertEquals, assertMatch } from "@std/assert";
import { ENGINE_AWAY_MS } from "../../../lib/limits.ts";
import { confirmed, natsEngine, newPrefix } from "../../support/nats_engine.ts";
import { NEEDS_NATS, startNats } from "../../support/nats_server.ts";
import { become } from "../../support/within.ts";
import { Recorder, Sender } from "../case_parts.ts";

Deno.test({
  name: "NATS away: who publishes waits for a while, then is refused; back again, all goes on (F34)",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats();
    const prefix = newPrefix();
    await using a = await natsEngine(nats.servers, { prefix });
    await using b = await natsEngine(nats.servers, { prefix });
    const [here, there, sender] = [new Recorder(), new Recorder(), new Sender(a)];
    a.engine.subscribe("#a", here);
    b.engine.subscribe("#a", there);
    await confirmed(b);
    await sender.publish("#a", "1");
    await there.has(1);

    // stopped first, so that what is written has no answer
    nats.nodes[0]!.kill("SIGSTOP");
    const unanswered = sender.publish("#a", "2");
    await nats.nodes[0]!.stop();
    assertMatch(`${await unanswered}`, /^UNAVAILABLE: NATS was lost .* not known who has this/);
    await become(() => !a.link.up);
    assertMatch(a.engine.trouble() ?? "", /^NATS cannot be reached \(127\.0\.0\.1:\d+\)$/);
    const route = a.engine.routeOf("#a");
    const gate = a.engine.gateOf(route);
    assert(gate !== undefined, "they wait");
    const waited = new Promise<void>((resolve) => gate.whenNotFull(resolve));
    a.engine.tick(Date.now() + ENGINE_AWAY_MS + 1);
    await waited;
    assertEquals(a.engine.gateOf(route), undefined, "and no longer than that");
    const before = here.got.length;
    assertMatch(`${await sender.publish("#a", "3")}`, /^UNAVAILABLE: NATS, which .*: try again$/);
    assertEquals(here.got.length, before, "what is refused at once nobody gets");
    assertEquals(a.engine.snapshot().link?.refused, 1);
    const late = new Recorder();
    a.engine.subscribe("#late", late);
    let told = false;
    assertEquals(a.engine.subscribed(() => told = true), false, "nothing is subscribed to while it is away");
    a.flush();

    await nats.nodes[0]!.restart();
    await become(() => a.link.up && b.link.up && told);
    assertEquals(a.engine.trouble(), undefined);
    await confirmed(b);
    const answer = await sender.publish("#a", "4");
    assert(typeof answer === "object", `${answer}`);
    await become(() => there.got.at(-1) === "4");
    await new Sender(b).publish("#late", "x");
    await late.has(1);
    assertEquals(there.got.filter((text) => text === "4").length, 1);
  },
});
