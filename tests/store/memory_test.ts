import { MemoryStore } from "../../lib/store/memory.ts";
import { storeCases } from "./cases.ts";

storeCases("memory", ({ retain }) => Promise.resolve(new MemoryStore({ retain, now: Date.now })));
