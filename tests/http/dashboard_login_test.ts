/** The dashboard where there are accounts, in a browser. */
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { certificatesOf } from "../../lib/broker/mod.ts";
import { ASSETS } from "../../lib/http/mod.ts";
import { dashboardTest } from "../support/browser.ts";
import { HAS_OPENSSL, TestIssuer } from "../support/certificates.ts";
import { TestGatekeeper } from "../support/gates.ts";
import { type RunningHttp, startHttp } from "../support/http.ts";

const ACCOUNTS = [
  { name: "boss", secret: "b:ö", pattern: "#>", administrator: true },
  { name: "eu", secret: "e", pattern: "#orders.eu" },
];

function start(gatekeeper: TestGatekeeper): Promise<RunningHttp> {
  return startHttp({ gatekeeper, http: { assets: ASSETS } });
}

async function logIn(page: Page, user: string, token: string): Promise<void> {
  await page.getByLabel("Account").fill(user);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

dashboardTest("Who is not known sees a form and nothing else, and is told why", async (look) => {
  await using http = await start(new TestGatekeeper(ACCOUNTS));
  const page = await look(http);
  await page.getByRole("heading", { name: "Log in to this broker" }).waitFor();
  assertEquals(await page.getByRole("navigation").count(), 0);
  await logIn(page, "eu", "wrong");
  await page.getByRole("alert").getByText(/not that token/).waitFor();
  await logIn(page, "eu", "e");
  await page.getByText("All well").waitFor();
});

dashboardTest("An account is remembered by its tab, until it logs out", async (look) => {
  await using http = await start(new TestGatekeeper(ACCOUNTS));
  const page = await look(http);
  await logIn(page, "boss", "b:ö");
  await page.getByText("All well").waitFor();
  await page.reload();
  await page.getByText("All well").waitFor();
  assertEquals(await page.evaluate("document.cookie + localStorage.getItem('hashbus.login')"), "null");
  await page.getByRole("button", { name: "Log out boss" }).click();
  await page.getByRole("heading", { name: "Log in to this broker" }).waitFor();
  // not by loading it again: Chromium now and then never ends that beside its own offer to keep a token
  assertEquals(await page.evaluate("JSON.stringify(sessionStorage)"), "{}", "what the tab remembers");
});

dashboardTest("What an account may not do is said in its place", async (look) => {
  await using http = await start(new TestGatekeeper(ACCOUNTS));
  const page = await look(http, "#/topics/%23orders.eu");
  await logIn(page, "eu", "e");
  await page.getByText(/^live,/).waitFor();
  await page.getByLabel("Payload").fill("mine");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("log").getByText("mine").waitFor();
  await page.getByRole("navigation").getByRole("link", { name: /Connections/ }).click();
  await page.getByText("Administrators see them all.").waitFor();
  await page.goto(`${http.url}/#/topics/%23orders.us`);
  await page.getByText(/^ended: .*may receive nothing/).waitFor();
  await page.getByText(/^Not for this account: .*may not receive/).waitFor();
  await page.getByRole("button", { name: "Publish" }).click();
  await page.locator(".said.bad").getByText(/may not/).waitFor();
});

dashboardTest("An account that is gone is asked who it is again", async (look) => {
  const gatekeeper = new TestGatekeeper(ACCOUNTS);
  await using http = await start(gatekeeper);
  const page = await look(http);
  await logIn(page, "eu", "e");
  await page.getByText("All well").waitFor();
  gatekeeper.accounts.delete("eu");
  await page.getByRole("heading", { name: "Log in to this broker" }).waitFor();
});

dashboardTest("It is the same over TLS", async (look) => {
  await using issuer = await TestIssuer.make();
  const tls = await certificatesOf(await issuer.issue(), Date.now());
  await using http = await startHttp({
    gatekeeper: new TestGatekeeper(ACCOUNTS),
    http: { assets: ASSETS, tls },
  });
  const url = `https://127.0.0.1:${http.port}`;
  const page = await look({ url }, "#/topics/%23orders.eu", { ignoreHTTPSErrors: true });
  await logIn(page, "eu", "e");
  await page.getByText(/^live,/).waitFor();
  await page.getByLabel("Payload").fill("secret");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("log").getByText("secret").waitFor();
}, HAS_OPENSSL ? undefined : "openssl is not installed");
