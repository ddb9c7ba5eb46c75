/** Parses TOML; throws SyntaxError with the line where it cannot. */
export function parse(text: string): Record<string, unknown>;
