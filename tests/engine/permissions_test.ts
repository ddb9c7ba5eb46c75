import { assertEquals } from "@std/assert";
import { Routing } from "../../lib/engine/routing.ts";
import type { Run, Subscriber } from "../../lib/engine/types.ts";

/** Gets what it may, and counts it. */
class Choosy implements Subscriber {
  readonly connection = this;
  readonly rank = 0;
  readonly leavesOut = false;
  readonly full = false;
  readonly denied = new Set<string>();
  asked = 0;
  got = 0;

  readonly grant = {
    mayReceive: (topic: string): boolean => this.#may(topic),
    mayShare: (): boolean => false,
    reception: { allow: [], deny: [] },
  };

  #may(topic: string): boolean {
    this.asked++;
    return !this.denied.has(topic);
  }

  whenNotFull(): void {}

  deliver(): void {
    this.got++;
  }
}

Deno.test("a subscriber is not given what it may not receive, and is asked once a topic", () => {
  const routing = new Routing({ seed: 1, isDurable: () => false });
  const choosy = new Choosy();
  choosy.denied.add("#secret.a");
  routing.subscribe("#>", choosy);
  const [open, secret] = [routing.routeOf("#open"), routing.routeOf("#secret.a")];
  for (let times = 0; times < 3; times++) {
    assertEquals(routing.deliver({ route: open } as unknown as Run), 1);
    assertEquals(routing.deliver({ route: secret } as unknown as Run), 0);
  }
  assertEquals([choosy.got, choosy.asked], [3, 2]);
});

Deno.test("it is asked again when permissions have changed", () => {
  const routing = new Routing({ seed: 1, isDurable: () => false });
  const choosy = new Choosy();
  routing.subscribe("#>", choosy);
  const route = routing.routeOf("#orders.eu");
  assertEquals(routing.deliver({ route } as unknown as Run), 1);
  choosy.denied.add("#orders.eu");
  routing.permissionsChanged();
  assertEquals(routing.deliver({ route } as unknown as Run), 0);
  choosy.denied.clear();
  routing.permissionsChanged();
  assertEquals(routing.deliver({ route } as unknown as Run), 1);
});
