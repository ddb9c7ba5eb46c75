import { assert, assertEquals } from "@std/assert";
import { LOBBY_BYTES, LOGIN_BYTES_MOST } from "../../../lib/limits.ts";
import { Lobby, type Stay } from "../../../lib/sessions/admission/lobby.ts";

Deno.test("who is not let in may bring 8 KiB and stay for the timeout, and no more (F26, F27)", () => {
  const lobby = new Lobby(10_000);
  const stay = lobby.enter({ isBeingAsked: false });
  assertEquals(stay.came(LOGIN_BYTES_MOST, 100), undefined);
  assertEquals(stay.came(1, 100), "too much before login");
  assertEquals(stay.waited(9_999), undefined);
  assertEquals(stay.waited(1), "no login");
  assertEquals([lobby.size, lobby.held], [1, 100]);
  stay.over();
  stay.over();
  assertEquals([lobby.size, lobby.held], [0, 0]);
  stay.came(1, 100);
  assertEquals([lobby.size, lobby.held], [0, 0], "nothing more is kept for it");
});

Deno.test("however many hoard in the lobby its bytes are bounded, and a login still fits", () => {
  const lobby = new Lobby(10_000);
  const stays: Stay[] = [];
  for (let at = 0; at < 10_000; at++) {
    const stay = lobby.enter({ isBeingAsked: false });
    // it takes as much as it is let, then holds that
    for (let held = 64; held <= LOGIN_BYTES_MOST; held *= 2) {
      if (stay.came(held / 2, held) !== undefined) {
        stay.over();
        break;
      }
    }
    assert(lobby.held <= LOBBY_BYTES);
    stays.push(stay);
  }
  assertEquals(lobby.enter({ isBeingAsked: false }).came(200, 256), undefined);
  for (const stay of stays) stay.over();
  assertEquals(lobby.held, 256);
});

Deno.test("the first who came and has not said who it is makes room, and who is being asked does not", () => {
  const lobby = new Lobby<{ name: string; isBeingAsked: boolean }>(10_000);
  assertEquals(lobby.whoMakesRoom(), undefined);
  const [a, b, c] = ["a", "b", "c"].map((name) => ({ name, isBeingAsked: name === "a" }));
  const stays = [a!, b!, c!].map((guest) => lobby.enter(guest));
  assertEquals(lobby.whoMakesRoom()?.name, "b");
  stays[1]!.over();
  assertEquals(lobby.whoMakesRoom()?.name, "c");
  c!.isBeingAsked = true;
  assertEquals(lobby.whoMakesRoom(), undefined);
});

Deno.test("a flood of logins makes nobody look through all of them", () => {
  const lobby = new Lobby(10_000);
  let asked = 0;
  for (let at = 0; at < 10_000; at++) {
    lobby.enter({
      get isBeingAsked() {
        asked++;
        return true;
      },
    });
  }
  assertEquals(lobby.whoMakesRoom(), undefined);
  assert(asked <= 64, String(asked));
});

Deno.test("nobody in the lobby may have more than is still free in it, and all of them no more than there is", () => {
  const came = (held: number, others: number): unknown => {
    const lobby = new Lobby(10_000);
    lobby.enter({ isBeingAsked: false }).came(1, others);
    return lobby.enter({ isBeingAsked: false }).came(1, held);
  };
  const half = LOBBY_BYTES / 2;
  assertEquals([came(half, 0), came(half + 1, 0)], [undefined, "too much before login"]);
  assertEquals([came(100, LOBBY_BYTES - 200), came(100, LOBBY_BYTES - 199)], [
    undefined,
    "too much before login",
  ]);
  assertEquals(came(0, LOBBY_BYTES), undefined);
  assertEquals(came(0, LOBBY_BYTES + 1), "too much before login");
});

Deno.test("what is kept for a guest is what was told last, and what came is all that came", () => {
  const lobby = new Lobby(10_000);
  const stay = lobby.enter({ isBeingAsked: false });
  assertEquals([stay.came(4000, 4096), lobby.held], [undefined, 4096]);
  assertEquals([stay.came(4000, 64), lobby.held], [undefined, 64]);
  assertEquals([stay.came(193, 64), lobby.held], ["too much before login", 64]);
});

Deno.test("sixty-four who are being asked are passed over, and no more", () => {
  for (const [asked, found] of [[63, true], [64, false]] as const) {
    const lobby = new Lobby<{ readonly isBeingAsked: boolean }>(10_000);
    for (let at = 0; at < asked; at++) lobby.enter({ isBeingAsked: true });
    lobby.enter({ isBeingAsked: false });
    assertEquals(lobby.whoMakesRoom() !== undefined, found, `${asked}`);
  }
});
