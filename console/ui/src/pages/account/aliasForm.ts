// What an account alias may look like (API reference, CreateAccountAlias), told before it is sent.

/** Why this can't be the alias of an account, or undefined. */
export function aliasProblem(alias: string): string | undefined {
  if (!/^[a-z0-9-]*$/.test(alias)) return 'Use lower-case letters a to z, digits and hyphens only.';
  if (alias.length < 3 || alias.length > 63) return 'An alias has 3 to 63 characters.';
  if (/^-|-$/.test(alias)) return 'An alias begins and ends with a letter or a digit.';
  if (alias.includes('--')) return 'Two hyphens must not stand side by side.';
  if (/^[0-9]{12}$/.test(alias)) return 'Twelve digits would be taken for an account ID.';
  return undefined;
}
