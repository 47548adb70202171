// Policy documents as texts: how they come over the wire, how they are laid out, and how long they may be.

/** The most characters of a policy, white space not counted (IAM and STS quotas). */
export const managedPolicyLimit = 6144;
export const trustPolicyLimit = 2048;

/** What counts towards a limit. */
export function documentLength(text: string): number {
  return text.replace(/\s/g, '').length;
}

/** Documents come URL-encoded (RFC 3986), and are laid out for reading. */
export function decode(document = ''): string {
  return format(decodeURIComponent(document));
}

/** The document with two spaces of indentation; the text itself if it isn't JSON. */
export function format(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** The first text of a new policy's editor. */
export const emptyPolicy = format('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[],"Resource":"*"}]}');
