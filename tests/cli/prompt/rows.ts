/** A terminal as far as a prompt uses one: what is in its rows, and where its cursor stands. */
export class Rows {
  columns: number;
  readonly rows: number;
  #cells: string[][] = [[]];
  /** Rows that have left it at the top. */
  readonly scrolled: string[] = [];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.columns, rows: this.rows };
  }

  /** Row and column of the cursor. */
  get cursor(): readonly [row: number, column: number] {
    return [this.#row, this.#column];
  }

  /** Its rows to the last that is not empty. */
  get shown(): string[] {
    const texts = this.#cells.map((cells) => Array.from(cells, (cell) => cell ?? " ").join("").trimEnd());
    while (texts.at(-1) === "") texts.pop();
    return texts;
  }

  write(text: string): void {
    // deno-lint-ignore no-control-regex
    for (const [piece] of text.matchAll(/\x1b\[(\d*)[A-Z]|[^]/gu)) {
      if (piece.startsWith("\x1b[")) this.#control(piece.at(-1)!, Number(piece.slice(2, -1) || "0"));
      else if (piece === "\r") this.#column = 0;
      else if (piece === "\n") this.#newLine();
      else this.#put(piece);
    }
  }

  #control(letter: string, count: number): void {
    const cells = this.#cells[this.#row]!;
    switch (letter) {
      case "A":
        this.#row = Math.max(0, this.#row - (count || 1));
        return;
      case "B":
        this.#row = Math.min(this.rows - 1, this.#row + (count || 1));
        this.#cells[this.#row] ??= [];
        return;
      case "H":
        this.#row = this.#column = 0;
        return;
      case "K":
        cells.length = Math.min(cells.length, this.#column);
        return;
      case "J":
        if (count === 2) this.#cells = [[]];
        else {
          cells.length = Math.min(cells.length, this.#column);
          this.#cells.length = this.#row + 1;
        }
        return;
      default:
        throw new TypeError(`a prompt does not write ESC [ ${letter}`);
    }
  }

  /** At the edge it waits behind the last cell, and goes on in the next row with the next character. */
  #put(character: string): void {
    if (this.#column === this.columns) this.#newLine();
    this.#cells[this.#row]![this.#column++] = character;
  }

  #newLine(): void {
    this.#column = 0;
    if (this.#row === this.rows - 1) {
      this.scrolled.push((this.#cells.shift() ?? []).join("").trimEnd());
      this.#cells[this.#row] = [];
    } else {
      this.#row++;
      this.#cells[this.#row] ??= [];
    }
  }
}
