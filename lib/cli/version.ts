import project from "../../deno.json" with { type: "json" };

/** The version of all three programs. */
export const VERSION: string = project.version;
