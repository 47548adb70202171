// Credentials as a file for the one who gets them: made in memory, saved by the browser, sent nowhere.

/** Comma-separated values by RFC 4180. */
export function csv(rows: string[][]): string {
  return rows.map((row) => row.map(field).join(',') + '\r\n').join('');
}

function field(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

export function download(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has taken the data once the click has been worked off.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
