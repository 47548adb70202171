// First passwords made in the browser, as long and as mixed as the account's password policy may ask for.

const classes = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', "!@#$%^&*()_+-=[]{}|'"];

/** A password of at least 20 characters with all four classes: over 110 bits, without letters that are mistaken for others. */
export function generatePassword(minimumLength = 0, random: (below: number) => number = randomBelow): string {
  const length = Math.min(128, Math.max(20, minimumLength));
  const every = classes.join('');
  const pick = (from: string) => from.charAt(random(from.length));
  const characters = [...classes.map(pick), ...Array.from({ length: length - classes.length }, () => pick(every))];
  // Fisher and Yates: without the shuffle the classes of the first four would be known.
  for (let i = characters.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [characters[i], characters[j]] = [characters[j]!, characters[i]!];
  }
  return characters.join('');
}

/** A uniform number from 0 to below - 1; what would favour small numbers is thrown away. */
function randomBelow(below: number): number {
  const limit = Math.floor(256 / below) * below;
  for (;;) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < limit) return byte % below;
  }
}
