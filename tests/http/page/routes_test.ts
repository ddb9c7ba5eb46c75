import { assertEquals } from "@std/assert";
import { linkTo, routeOf } from "../../../lib/http/page/routes.js";

Deno.test("a link to a topic leads back to it, whatever it is called", () => {
  for (
    const topic of [
      "#a",
      "#a/b",
      "#a%2Fb",
      "#<img src=x onerror=alert(1)>",
      '#"',
      "#ü.>",
      "#javascript:alert(1)",
    ]
  ) {
    assertEquals(routeOf(linkTo(topic)), { view: "topic", topic });
  }
  assertEquals(routeOf(linkTo("a.b")), { view: "topic", topic: "#a.b" });
});

Deno.test("views have addresses, and what is none is said to be unknown", () => {
  const views = [
    "",
    "#/",
    "#/topics",
    "#/topics/",
    "#/connections",
    "#/groups",
    "#/else",
    "#/groups/a",
    "#/topics/%",
  ]
    .map((hash) => routeOf(hash).view);
  assertEquals(views, [
    "overview",
    "overview",
    "topics",
    "topics",
    "connections",
    "groups",
    "unknown",
    "unknown",
    "unknown",
  ]);
});
