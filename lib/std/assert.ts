// deno-std is Deno's standard library as npm has it; it ships no types, so the functions we use are declared beside it.
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
