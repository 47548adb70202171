// Security keys answer to one origin only; whoever opened the console at another address should know before they try.

/** Where keys work, if that is not here: its origin, and the same page there. */
export function wrongOrigin(externalUrl: string, here: string = location.origin): { origin: string; page: string } | undefined {
  let expected: string;
  try {
    expected = new URL(externalUrl).origin;
  } catch {
    return undefined; // none is configured
  }
  if (expected === here) return undefined;
  return { origin: expected, page: expected + location.pathname + location.search };
}
