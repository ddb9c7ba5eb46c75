import { assertEquals } from "@std/assert";
import { connectionOptions, type LinkOptions } from "../../lib/nats/connection_options.ts";

const OPTIONS: LinkOptions = {
  servers: ["a:1", "b:2"],
  name: "n",
  credentials: {},
  echo: false,
  timeout: 700,
};

Deno.test("a connection comes back for ever, a server that is silent for 20 s is lost, and nothing is said that is not known", () => {
  assertEquals(connectionOptions(OPTIONS), {
    servers: ["a:1", "b:2"],
    name: "n",
    noEcho: true,
    timeout: 700,
    pingInterval: 5_000,
    maxPingOut: 3,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    reconnectJitterTLS: 250,
    ignoreAuthErrorAbort: true,
  });
  assertEquals(connectionOptions({ ...OPTIONS, echo: true }).noEcho, false);
});

Deno.test("who we are to NATS is said in the way that was chosen, and TLS with what there is of it", () => {
  const of = (credentials: LinkOptions["credentials"]): object => {
    const { token, user, pass, tls, authenticator } = connectionOptions({ ...OPTIONS, credentials });
    return { token, user, pass, tls, authenticator: typeof authenticator };
  };
  const none = {
    token: undefined,
    user: undefined,
    pass: undefined,
    tls: undefined,
    authenticator: "undefined",
  };
  assertEquals(of({}), none);
  assertEquals(of({ token: "t" }), { ...none, token: "t" });
  assertEquals(of({ user: "u", password: "p" }), { ...none, user: "u", pass: "p" });
  assertEquals(of({ creds: new Uint8Array(1) }), { ...none, authenticator: "function" });
  assertEquals(of({ tls: {} }), { ...none, tls: {} });
  const { tls } = connectionOptions({ ...OPTIONS, credentials: { tls: { ca: "c", cert: undefined } } });
  assertEquals(Object.entries(tls!), [["ca", "c"]]);
});
