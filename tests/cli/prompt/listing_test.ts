import { assertEquals } from "@std/assert";
import { listing } from "../../../lib/cli/prompt/listing.ts";
import { withOffset } from "../../../lib/cli/options/local_time.ts";
import { promptHelp } from "../../../lib/cli/prompt/help.ts";
import { Published } from "../../../lib/cli/publisher/published.ts";
import { Subscribed } from "../../../lib/cli/subscriber/subscribed.ts";

Deno.test("listing says how many more there are, and shows no control character", () => {
  const rows = Array.from({ length: 120 }, (_, at) => [`#\x1b${at}`, "x"] as const);
  assertEquals(listing(rows).length, 101);
  assertEquals(listing(rows)[0], "#\\x1b0   x");
  assertEquals(listing(rows).at(-1), "and 20 more");
});

Deno.test("listing has what is said in one column, for names of up to 40 characters", () => {
  const [name, longer] = ["#".padEnd(40, "n"), "#".padEnd(41, "l")];
  assertEquals(listing([["#a", "x"], [name, "y"], [longer, "z"]]), [
    `${"#a".padEnd(40)}  x`,
    `${name}  y`,
    `${longer}  z`,
  ]);
  assertEquals(listing([[longer, "z"], ["#ab", "x"]]), [`${longer}  z`, "#ab  x"]);
  assertEquals([listing([]), listing([[longer, "z"]])], [[], [`${longer}  z`]]);
});

Deno.test("a hundred rows are all there are, and of one more that is said", () => {
  const rows = Array.from({ length: 101 }, (_, at) => [`#${at}`, "x"] as const);
  assertEquals([listing(rows.slice(0, 100)).at(-1), listing(rows).at(-1)], ["#99  x", "and 1 more"]);
});

Deno.test("the publisher lists its topics with how much was acknowledged, those without any included", () => {
  const published = new Published();
  assertEquals(published.list(), ["nothing was published yet: pub #topic message"]);
  published.know("#waiting");
  published.count("#a");
  for (let times = 0; times < 1234; times++) published.count("#longer");
  assertEquals(published.list(), [
    "#waiting  0 messages acknowledged",
    "#a        1 message acknowledged",
    "#longer   1,234 messages acknowledged",
  ]);
});

Deno.test("of very many topics the publisher counts those that came late together", () => {
  const published = new Published();
  for (let topic = 0; topic < 10_002; topic++) published.count(`#${topic}`);
  assertEquals(published.list().at(-1), "and 9900 more");
  assertEquals([...published.topics()].length, 10_000);
});

Deno.test("the subscriber lists its patterns as they were asked for, with what matched", () => {
  const subscribed = new Subscribed();
  assertEquals(subscribed.list(), ["subscribed to nothing: sub #topic"]);
  subscribed.add("#orders.>", { from: "-10m", slow: "latest" });
  subscribed.add("#orders.eu", {});
  subscribed.add("#gone", { from: 7, to: new Date(0) });
  assertEquals(subscribed.list().at(-1), `sub #gone from=7 to=${withOffset(new Date(0))}  0 messages`);
  subscribed.drop("#gone");
  for (const topic of ["#orders.eu", "#orders.us", "#orders.eu"]) subscribed.count(topic);
  assertEquals(subscribed.list(), [
    "sub #orders.> from=-10m slow=latest  3 messages",
    "sub #orders.eu                       2 messages",
  ]);
  assertEquals([...subscribed.topics()].sort(), ["#orders.>", "#orders.eu", "#orders.us"]);
});

Deno.test("a pattern in a group is listed beside the pattern itself, each with what came of it", () => {
  const subscribed = new Subscribed();
  subscribed.add("#jobs.*", {});
  subscribed.add("#jobs.*", { group: "g", window: 5 });
  subscribed.add("#jobs.*", { group: "other" });
  for (const group of ["g", undefined, "g", "other", "unknown"]) subscribed.count("#jobs.a", group);
  assertEquals(subscribed.list(), [
    "sub #jobs.*                   2 messages",
    "sub #jobs.* group=g window=5  2 messages",
    "sub #jobs.* group=other       1 message",
  ]);
  subscribed.drop("#jobs.*", "g");
  subscribed.drop("#jobs.*");
  assertEquals(subscribed.list(), ["sub #jobs.* group=other  1 message"]);
  assertEquals([...subscribed.topics()].sort(), ["#jobs.*", "#jobs.a"]);
});

Deno.test("help fits the terminal that it is printed on", () => {
  for (const role of ["publisher", "subscriber"] as const) {
    for (const columns of [40, 60, 80, 120]) {
      for (const line of promptHelp(role, columns)) {
        assertEquals(line.length <= columns, true, `${columns} columns: ${line}`);
      }
    }
  }
});

Deno.test("a group's counts stay when another pattern of it comes, and what is beyond the topics told apart is said", () => {
  const subscribed = new Subscribed();
  subscribed.add("#a", { group: "g" });
  subscribed.count("#a", "g");
  subscribed.add("#b", { group: "g" });
  assertEquals(subscribed.list(), ["sub #a group=g  1 message", "sub #b group=g  0 messages"]);
  const many = new Subscribed();
  many.add("#>", {});
  for (let topic = 0; topic < 10_000; topic++) many.count(`#${topic}`);
  assertEquals(many.list(), ["sub #>  10,000 messages"]);
  many.count("#one.more");
  assertEquals(many.list(), ["sub #>  at least 10,000 messages"]);
  assertEquals([...many.memberships(), ...subscribed.memberships()], [
    { pattern: "#a", group: "g" },
    { pattern: "#b", group: "g" },
  ]);
});
