// Reads comma-separated values (RFC 4180): quoted fields may hold commas, quotes and line ends.

/** Rows of fields; a last line end adds no row. */
export function parseCSV(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (field.lastIndex < text.length || row.length > 0) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (!match) throw new Error(`The file is not comma-separated values at character ${at}.`);
    const [, quoted, plain = '', end] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') {
      rows.push(row);
      row = [];
    }
    if (end === '') break;
  }
  return rows;
}
