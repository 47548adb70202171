// Security keys answer to one origin only; whoever opened the console at another address should know before they try.

/** The warning for the address in use, or undefined where keys work. */
export function wrongOrigin(externalUrl: string, here: string = location.origin): string | undefined {
  let expected: string;
  try {
    expected = new URL(externalUrl).origin;
  } catch {
    return undefined; // none is configured
  }
  if (expected === here) return undefined;
  return `Passkeys and security keys will not work here: the console was opened at ${here}, and they are bound to ${expected}.`;
}
