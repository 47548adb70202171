// A browser's user agent in two words, for people to recognise their own; what is not known is shown as it is.

const browsers: [string, RegExp][] = [
  // Order matters: most browsers name those they are like, too.
  ['Edge', /Edg(?:A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Firefox', /(?:Firefox|FxiOS)\//],
  ['Chrome', /(?:HeadlessChrome|Chrome|Chromium|CriOS)\//],
  ['Safari', /Safari\//],
];
const systems: [string, RegExp][] = [
  ['Android', /Android/],
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
];

export function browserName(userAgent: string): string {
  const browser = named(browsers, userAgent);
  const system = named(systems, userAgent);
  if (!browser) return userAgent || '-';
  return system ? `${browser} on ${system}` : browser;
}

function named(names: [string, RegExp][], text: string): string | undefined {
  return names.find(([, pattern]) => pattern.test(text))?.[0];
}
