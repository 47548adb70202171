// What names may look like, checked while one types; the server judges in the end.

/** Why this cannot be the name of a new user or group, or undefined (API reference, CreateUser and CreateGroup). */
export function nameProblem(name: string, most: number): string | undefined {
  if (name === '') return 'Enter a name.';
  if (name.length > most) return `A name has at most ${most} characters.`;
  if (!/^[A-Za-z0-9_+=,.@-]+$/.test(name)) return 'Use letters A to Z, digits and the characters + = , . @ _ -';
  return undefined;
}
