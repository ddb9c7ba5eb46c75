import { assertEquals, assertThrows } from "@std/assert";
import type { Host } from "../../../lib/client/host.ts";
import { resolveSettings, type Role, type Settings } from "../../../lib/client/connecting/settings.ts";
import type { ClientEvent, ConnectOptions } from "../../../lib/client/types.ts";
import { RunError } from "../../../lib/errors.ts";

const MACHINE = {} as Host; // only handed on

function resolved(options: Partial<ConnectOptions> = {}, role: Role = "publisher"): Settings {
  return resolveSettings(role, { id: "p1", ...options }, MACHINE);
}

/** Why these cannot be meant. */
function refusal(options: Partial<ConnectOptions>): string {
  return assertThrows(() => resolved(options), RunError).message;
}

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

Deno.test("what is left out is as the broker has it, and waits as long as is usual", () => {
  const { onEvent: _, ...settings } = resolved();
  assertEquals(settings, {
    role: "publisher",
    id: "p1",
    host: "127.0.0.1",
    port: 9000,
    address: "127.0.0.1:9000",
    localPort: undefined,
    tls: undefined,
    connectTimeout: 5_000,
    reconnect: true,
    protocol: "auto",
    credentials: undefined,
    pingAfter: 15_000,
    helloPatience: 10_000,
    signal: undefined,
    machine: MACHINE,
  });
  assertEquals(resolved({}, "subscriber").port, 9090);
});

Deno.test("what is given is taken, an IPv6 address in brackets for people", () => {
  const signal = new AbortController().signal;
  const given = {
    host: "::1",
    port: 65_535,
    localPort: 1,
    connectTimeout: 0,
    reconnect: false,
    protocol: "classic",
    pingAfter: 0,
    helloPatience: 2 ** 31 - 1,
    signal,
  } as const;
  const { onEvent: _, ...settings } = resolved(given);
  assertEquals(settings, {
    role: "publisher",
    id: "p1",
    address: "[::1]:65535",
    tls: undefined,
    credentials: undefined,
    machine: MACHINE,
    ...given,
  });
});

Deno.test("an id and a user are one word that can be seen, and a token is text", () => {
  for (const id of ["", "a b", "a\n", "a\u200b", "a\ud800", "\x00"]) {
    assertEquals(refusal({ id }).startsWith("an id is one word without white space"), true, id);
    const said = refusal({ credentials: { user: id, token: "t" } });
    assertEquals(said.startsWith("the name of a user is one word without white space"), true, id);
  }
  assertEquals(refusal({ credentials: { user: "u", token: "" } }), 'the token of user "u" is empty');
  assertEquals(refusal({ credentials: { user: "u", token: "t\ud800" } }), 'the token of user "u" is no text');
  assertEquals(resolved({ id: "ü#1" }).id, "ü#1");
});

Deno.test("credentials are for protocol 2, which is spoken then whatever is usual", () => {
  const credentials = { user: "u", token: "a secret" };
  assertEquals(resolved({ credentials }).protocol, "2");
  assertEquals(resolved({ credentials, protocol: "2" }).credentials, credentials);
  assertEquals(
    refusal({ credentials, protocol: "classic" }),
    "credentials need protocol 2: the classic protocol has no place for them",
  );
});

Deno.test("ports are numbers of TCP, and times are milliseconds that a timer takes", () => {
  for (const port of [0, 65_536, 1.5, -1, NaN]) {
    assertEquals(refusal({ port }), `a port is a number from 1 to 65535, ${port} is not`);
    assertEquals(refusal({ localPort: port }), `a local port is a number from 1 to 65535, ${port} is not`);
  }
  for (const name of ["connectTimeout", "pingAfter", "helloPatience"] as const) {
    for (const ms of [-1, 2 ** 31, NaN, Infinity]) {
      assertEquals(refusal({ [name]: ms }), `${name} is milliseconds from 0 to 2147483647, ${ms} is not`);
    }
    assertEquals(resolved({ [name]: 2 ** 31 - 1 })[name], 2 ** 31 - 1);
  }
  assertEquals(refusal({ host: "" }), "the host is empty: leave it out for 127.0.0.1");
  const protocol = "3" as unknown as "2";
  assertEquals(refusal({ protocol }), 'the protocol is auto, classic or 2, "3" is none');
});

Deno.test("TLS is for the host's name with the usual issuers, where nothing else is said", () => {
  assertEquals(resolved({ tls: false }).tls, undefined);
  assertEquals(resolved({ tls: true, host: "broker.example" }).tls, { serverName: "broker.example", ca: [] });
  assertEquals(resolved({ tls: { ca: PEM, serverName: "other.example" } }).tls, {
    serverName: "other.example",
    ca: [PEM],
  });
  assertEquals(resolved({ tls: { ca: [PEM, PEM] } }).tls?.ca, [PEM, PEM]);
  const no = 'ca is certificates in PEM, with a line -----BEGIN CERTIFICATE-----, not "x.pem"';
  assertEquals([refusal({ tls: { ca: "x.pem" } }), refusal({ tls: { ca: [PEM, "x.pem"] } })], [no, no]);
  assertEquals(
    refusal({ tls: { serverName: "" } }),
    "the serverName of TLS is empty: leave it out for the host",
  );
});

Deno.test("who is told of events may fail: that is reported as an error of the program's, and nothing else", () => {
  const event: ClientEvent = { type: "gap", pattern: "#a", missed: 1 };
  resolved().onEvent(event);
  const told: ClientEvent[] = [];
  resolved({ onEvent: (each) => told.push(each) }).onEvent(event);
  assertEquals(told, [event]);
  const reported: unknown[] = [];
  const listen = (error: ErrorEvent): void => {
    error.preventDefault();
    reported.push(error.error);
  };
  globalThis.addEventListener("error", listen);
  const mistake = new TypeError("a mistake");
  resolved({
    onEvent: () => {
      throw mistake;
    },
  }).onEvent(event);
  globalThis.removeEventListener("error", listen);
  assertEquals(reported, [mistake]);
});
