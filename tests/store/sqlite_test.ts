import { openSqliteStore } from "../../lib/store/sqlite.ts";
import { storeCases } from "./cases.ts";

const folder = await Deno.makeTempDir({ prefix: "hashbus-store-" });
let made = 0;

storeCases("sqlite", ({ retain }) => openSqliteStore(`${folder}/${++made}`, { retain }));

globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
