import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { openLog } from "../../lib/cli/broker/logging.ts";
import { groupsJson, groupsTable } from "../../lib/cli/broker/groups/table.ts";
import { compileFormat } from "../../lib/cli/output/format_letters.ts";
import { createPrinter, type PrinterOptions } from "../../lib/cli/output/format.ts";
import { jsonLine, quote, visible } from "../../lib/text.ts";
import { ACTIVE, NASTY_STRINGS } from "../support/nasty_strings.ts";
import { Collected, message, written } from "./output/collected.ts";

async function printed(
  text: string,
  options: Omit<PrinterOptions, "json">,
  json = false,
): Promise<Collected> {
  const print = createPrinter({ ...options, json });
  return await written((out) => print(message("#a", text), out));
}

for (const [does, text] of NASTY_STRINGS) {
  Deno.test(`what ${does} does not on a terminal (F59)`, async () => {
    const formats = [undefined, ...["%p", "%t %p", "%30p|", "%j", "%J"].map(compileFormat)];
    for (const format of formats) {
      const line =
        (await printed(text, { terminal: true, ...(format === undefined ? {} : { format }) })).text;
      assert(line.endsWith("\n"));
      // a tab shows as one
      assertNotMatch(line.slice(0, -1).replaceAll("\t", ""), ACTIVE);
    }
    assertNotMatch((await printed(text, { terminal: true }, true)).text.slice(0, -1), ACTIVE);
    for (const shown of [visible(text), quote(text), jsonLine({ text })]) assertNotMatch(shown, ACTIVE);
    assertEquals(JSON.parse(jsonLine({ text })), { text }, "JSON says what it was");
    const group = {
      name: text,
      pattern: `#${text}`,
      lag: 0,
      members: 0,
      outstanding: 0,
      settling: undefined,
    };
    const lines = [
      ...groupsTable([{ ...group, oldest: undefined }], 0),
      ...groupsJson([{ ...group, oldest: undefined }]),
    ];
    for (const line of lines) assertNotMatch(line, ACTIVE);
    assertEquals(lines.length, 3);
  });

  Deno.test(`what ${does} goes into a pipe as it came (F59)`, async () => {
    const bytes = new TextEncoder().encode(text);
    const { bytes: out } = await printed(text, { terminal: false, format: compileFormat("%p") });
    assertEquals(out, new Uint8Array([...bytes, 0x0a]));
  });

  Deno.test(`what ${does} is a field of one line of the log (F60)`, async () => {
    for (const format of ["text", "json"] as const) {
      const target = new Collected();
      const log = openLog({ format, level: "info", target });
      log.info("connected", { id: text, address: "192.0.2.1:1" });
      await log.flush();
      const lines = target.text.split("\n").slice(0, -1);
      assertEquals(lines.length, 1, format);
      assertNotMatch(lines[0]!, ACTIVE);
      if (format === "json") assertEquals(JSON.parse(lines[0]!).id, text.slice(0, 256));
      else {
        assert(/ INFO {2}connected id=/.test(lines[0]!));
        // whatever is in it, there are two fields: its quotes are written out
        const fields = lines[0]!.slice(lines[0]!.indexOf(" id=")).replace(/"(?:[^"\\]|\\.)*"/g, "Q");
        assertEquals(fields, ` id=${fields.includes("Q") ? "Q" : text} address=192.0.2.1:1`);
      }
    }
  });
}
