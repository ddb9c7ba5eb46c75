import { assertEquals } from "@std/assert";
import { localTime, type Of, withOffset } from "../../../lib/cli/options/local_time.ts";

/** Runs with the clock of another place on the wall. */
function inZone(zone: string, claim: () => void): void {
  const before = Deno.env.get("TZ");
  Deno.env.set("TZ", zone);
  try {
    claim();
  } finally {
    if (before === undefined) Deno.env.delete("TZ");
    else Deno.env.set("TZ", before);
  }
}

/** What a text means, with the offset of here. */
function meant(text: string, of: Of = "first"): string | undefined {
  const time = localTime(text, { now: new Date("2026-11-25T12:00:00Z"), of });
  return time === undefined ? undefined : withOffset(new Date(time));
}

Deno.test("a day is its start, a time without an offset is that of here, and so is a clock of today", () => {
  inZone("Europe/Berlin", () => {
    assertEquals([
      meant("2026-11-23"),
      meant("2026-11-23T09:00"),
      meant("2026-11-23 09:00:30"),
      meant("2026-07-01T09:00:30.25"),
      meant("9:05"),
    ], [
      "2026-11-23T00:00:00+01:00",
      "2026-11-23T09:00:00+01:00",
      "2026-11-23T09:00:30+01:00",
      "2026-07-01T09:00:30.250+02:00",
      "2026-11-25T09:05:00+01:00",
    ]);
  });
  inZone("America/St_Johns", () => assertEquals(meant("2026-11-23"), "2026-11-23T00:00:00-03:30"));
  // it is tomorrow already in Kiritimati
  inZone("Pacific/Kiritimati", () => assertEquals(meant("00:30"), "2026-11-26T00:30:00+14:00"));
});

Deno.test("what a clock shows twice is the first time for who begins, the second for who ends", () => {
  inZone("Europe/Berlin", () => {
    assertEquals(meant("2026-10-25T02:30", "first"), "2026-10-25T02:30:00+02:00");
    assertEquals(meant("2026-10-25T02:30", "second"), "2026-10-25T02:30:00+01:00");
    assertEquals(meant("2026-10-25T03:00", "first"), "2026-10-25T03:00:00+01:00");
  });
});

Deno.test("what a clock never shows is the moment of its jump", () => {
  inZone("Europe/Berlin", () => {
    for (const which of ["first", "second"] as const) {
      assertEquals(meant("2026-03-29T02:30", which), "2026-03-29T03:00:00+02:00");
    }
  });
  // midnight does not exist there on that day: it begins at one
  inZone("Africa/Cairo", () => assertEquals(meant("2026-04-24"), "2026-04-24T01:00:00+03:00"));
  // a whole day was left out
  inZone("Pacific/Apia", () => assertEquals(meant("2011-12-30T12:00"), "2011-12-31T00:00:00+14:00"));
});

Deno.test("days and times that do not exist are none", () => {
  const none = ["2026-02-29", "2026-13-01", "2026-00-01", "2026-11-31", "2026-11-23T24:00", "24:00", "09:60"];
  const wrong = ["2026-11-23T9", "2026-11-23T", "26-11-23", "2026-11-23T09:00Z", "2026/11/23", "9", "09:00 "];
  for (const text of [...none, ...wrong]) assertEquals(meant(text), undefined, text);
  assertEquals(meant("2024-02-29") === undefined, false);
});

Deno.test("a clock has two digits at most for its hour, and from one to nine for parts of a second", () => {
  inZone("UTC", () => {
    assertEquals([meant("9:00:00.5"), meant("09:00:00.123456789")], [
      "2026-11-25T09:00:00.500+00:00",
      "2026-11-25T09:00:00.123+00:00",
    ]);
    for (const text of ["009:00", "9:00:00.", "9:00:00.1234567890", "9:0", "9:00:0"]) {
      assertEquals(meant(text), undefined, text);
    }
  });
});

Deno.test("where a clock jumps, what it shows up to a millisecond before and behind that is what it is", () => {
  inZone("Europe/Berlin", () => {
    assertEquals([
      meant("2026-03-29T01:59:59.999"),
      meant("2026-03-29T02:00"),
      meant("2026-03-29T02:59:59.999"),
    ], [
      "2026-03-29T01:59:59.999+01:00",
      "2026-03-29T03:00:00+02:00",
      "2026-03-29T03:00:00+02:00",
    ]);
    for (const [of, offset] of [["first", "+02:00"], ["second", "+01:00"]] as const) {
      assertEquals(meant("2026-10-25T02:00", of), `2026-10-25T02:00:00${offset}`);
      assertEquals(meant("2026-10-25T02:59:59.999", of), `2026-10-25T02:59:59.999${offset}`);
    }
    assertEquals(meant("2026-10-25T01:59:59.999", "second"), "2026-10-25T01:59:59.999+02:00");
  });
  // half an hour, in the other half of the world
  inZone("Australia/Lord_Howe", () => {
    assertEquals(meant("2026-10-04T02:15"), "2026-10-04T02:30:00+11:00");
    assertEquals(meant("2026-04-05T01:45", "first"), "2026-04-05T01:45:00+11:00");
    assertEquals(meant("2026-04-05T01:45", "second"), "2026-04-05T01:45:00+10:30");
  });
});

Deno.test("every month, hour, minute and second there is can be named, and none beside them", () => {
  inZone("UTC", () => {
    const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const two = (value: number): string => `${value}`.padStart(2, "0");
    for (const [at, last] of days.entries()) {
      const month = `2026-${two(at + 1)}`;
      assertEquals(meant(`${month}-01`), `${month}-01T00:00:00+00:00`);
      assertEquals(meant(`${month}-${last}`), `${month}-${last}T00:00:00+00:00`);
      assertEquals([meant(`${month}-00`), meant(`${month}-${last + 1}`)], [undefined, undefined]);
    }
    assertEquals(meant("23:59:59.999"), "2026-11-25T23:59:59.999+00:00");
    assertEquals(meant("0:00:00.0009"), "2026-11-25T00:00:00+00:00", "to the millisecond");
    for (const text of ["24:00:00", "23:60", "23:59:60"]) assertEquals(meant(text), undefined, text);
    assertEquals(
      ["2000-02-29", "2400-02-29", "1900-02-29", "2100-02-29"].map((day) => meant(day) !== undefined),
      [
        true,
        true,
        false,
        false,
      ],
    );
    assertEquals(meant("0050-03-01"), "0050-03-01T00:00:00+00:00", "also long ago");
  });
});
