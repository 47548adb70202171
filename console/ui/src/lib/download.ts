// Saves a text as a file: made in memory, saved by the browser, sent nowhere.

export function downloadCSV(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has taken the data once the click has been worked off.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
