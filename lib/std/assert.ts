// deno-std is Deno's standard library as npm has it, without types: those we use are declared beside it.
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
