import { assert, assertEquals } from "@std/assert";
import { ASSETS } from "../../lib/http/assets.ts";
import { longFiles, longLines } from "../structure/text.ts";

const PAGE = new URL("../../lib/http/page/", import.meta.url);
/** What a slow line loads before anything is seen. */
const BYTES_MOST = 200_000;
const LINES_MOST = 400;
const CHARACTERS_MOST = 110;

const texts = new Map([...ASSETS].map(([path, { bytes }]) => [path, new TextDecoder().decode(bytes)]));

Deno.test("every file of the page is served", () => {
  const served = [...ASSETS.keys()].map((path) => path === "/" ? "index.html" : path.replace("/assets/", ""));
  const files = [...Deno.readDirSync(PAGE)].map(({ name }) => name);
  assert(files.length > 20);
  assertEquals(files.filter((name) => !served.includes(name)), []);
});

Deno.test("what the page loads is served by the broker, and nothing else is loaded", () => {
  for (const [path, text] of texts) {
    const imports = [...text.matchAll(/\bfrom\s*"([^"\s]+)"/g)].map(([, name]) => name!);
    for (const name of path.endsWith(".js") ? imports : []) {
      assert(name.startsWith("./"), `${path} imports ${name}, which a browser cannot find`);
      assert(texts.has(new URL(name, `http://x${path}`).pathname), `${path} imports ${name}`);
    }
  }
  const index = texts.get("/")!;
  const loaded = [...index.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, place]) => place!);
  assertEquals(loaded.filter((place) => !texts.has(place) && place !== "/api/broker"), []);
  assert(
    !/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/.test(index),
    "no script and no style stands in the page itself",
  );
});

Deno.test("texts of peers cannot become markup: nothing of the page writes any", async () => {
  for (const { name } of Deno.readDirSync(PAGE)) {
    const text = await Deno.readTextFile(new URL(name, PAGE));
    assert(
      !/innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|\beval\(/.test(text),
      name,
    );
  }
});

Deno.test(`all of it is less than ${BYTES_MOST} bytes, and each changes its tag with its bytes`, () => {
  const bytes = [...ASSETS.values()].reduce((sum, asset) => sum + asset.bytes.length, 0);
  assert(bytes < BYTES_MOST, `${bytes} bytes`);
  const tags = [...ASSETS.values()].map(({ etag }) => etag);
  assertEquals(new Set(tags).size, tags.length);
  assert(tags.every((tag) => /^"[\w-]{22}"$/.test(tag)));
});

Deno.test(`no file of the page is longer than ${LINES_MOST} lines, and no line than a screen is wide`, async () => {
  const files = await Promise.all([...Deno.readDirSync(PAGE)].map(async ({ name }) => ({
    path: `lib/http/page/${name}`,
    text: await Deno.readTextFile(new URL(name, PAGE)),
  })));
  assertEquals(longFiles(files, LINES_MOST), []);
  // of the icon each line is a shape
  assertEquals(longLines(files.filter(({ path }) => !path.endsWith(".svg")), CHARACTERS_MOST), []);
});
