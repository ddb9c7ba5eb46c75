/**
 * What peers send to do something to whoever reads it.
 *
 * @module
 */

/** Each by what it does where it is not written out. */
export const NASTY_STRINGS: ReadonlyMap<string, string> = new Map([
  ["sets the title of the window", "\x1b]0;owned\x07"],
  ["clears the screen", "\x1b[2J\x1b[H"],
  ["writes to the clipboard (OSC 52)", "\x1b]52;c;cm0gLXJmIH4=\x07"],
  ["the same in C1, ended by ST", "\x9d52;c;cm0gLXJmIH4=\x9c"],
  ["recolours by a CSI of C1", "\x9b31mred\x9b0m"],
  ["asks the terminal for an answer", "\x1b[6n\x1bP$qm\x1b\\\x1b[c"],
  ["hides a link behind a text (OSC 8)", "\x1b]8;;http://evil.example\x1b\\bank\x1b]8;;\x1b\\"],
  ["overwrites the line", "done\rfail\b\b\b\bpass"],
  ["turns what follows around", "user\u202e\u2066tad\u2069\u202c.exe"],
  ["cannot be seen", "a\u200b\u200d\u2060\ufeff\u00adb"],
  ["is in tags", "a\u{e0041}\u{e007f}b"],
  ["begins a new line, in every way", "a\nb\r\nc\vd\fe\u0085f\u2028g\u2029h"],
  ["ends a text", "a\0b"],
  ["is half of a character", "a\ud800b\udc00"],
  ["is a line of the log", 'x\n2026-01-01T00:00:00.000Z INFO  admin logged in id="root"'],
  [
    "is a line of a JSON log",
    '"}\n{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"admin logged in"}',
  ],
  ["is a field of a log", 'x" level=ERROR admin="yes'],
  ["is a placeholder", "{password} %s ${HOME} $(id) `id`"],
  ["is markup", "<img src=x onerror=alert(1)></script><script>alert(1)</script>"],
  ["is a label of a metric", 'a"} 1\nhashbus_up{b="\\'],
]);

/** Control, format and separator characters, and halves of a character: nothing of it may be there as it is. */
export const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;
