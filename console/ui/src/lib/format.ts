// Words for dates, ages, lengths of time and MFA devices, the same on every page.

type When = Date | string | undefined | null;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** "5 minutes ago", "yesterday", "3 months ago"; "-" when there is no date. */
export function ago(date: When, now = Date.now()): string {
  const time = millis(date);
  if (time === undefined) return '-';
  const past = time - now;
  const size = Math.abs(past);
  if (size < minute) return past > 0 ? 'in a moment' : 'just now';
  if (size < hour) return relative.format(Math.trunc(past / minute), 'minute');
  if (size < day) return relative.format(Math.trunc(past / hour), 'hour');
  if (size < 60 * day) return relative.format(Math.trunc(past / day), 'day');
  if (size < 730 * day) return relative.format(Math.trunc(past / (30.44 * day)), 'month');
  return relative.format(Math.trunc(past / (365.25 * day)), 'year');
}

/** "22 Nov 2026, 04:44" in the browser's time zone; "-" when there is no date. */
export function dateTime(date: When): string {
  const time = millis(date);
  return time === undefined ? '-' : absolute.format(time);
}

/** An age in whole days: "Today", "1 day", "90 days"; "-" when there is no date. */
export function days(date: When, now = Date.now()): string {
  const time = millis(date);
  if (time === undefined) return '-';
  const count = Math.max(0, Math.floor((now - time) / day));
  if (count === 0) return 'Today';
  return count === 1 ? '1 day' : `${count} days`;
}

/** A wait in words: "30 seconds", "2 minutes", "1 hour". Rounded up, so that the wait is enough. */
export function wait(seconds: number): string {
  const count = (n: number, unit: string) => `${n} ${unit}${n === 1 ? '' : 's'}`;
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 120) return count(whole, 'second');
  if (whole < 7200) return count(Math.ceil(whole / 60), 'minute');
  return count(Math.ceil(whole / 3600), 'hour');
}

/** A length of time as roles are given it: "1 hour", "90 minutes". */
export function duration(seconds: number): string {
  if (seconds % 3600 !== 0) return `${Math.round(seconds / 60)} minutes`;
  return seconds === 3600 ? '1 hour' : `${seconds / 3600} hours`;
}

/** The kind of a device, read from its serial number: keys and apps have ARNs, hardware tokens have none. */
export function kindOf(serial: string): 'virtual' | 'hardware' | 'fido' {
  if (/^arn:[^:]*:iam::\d*:u2f\//.test(serial)) return 'fido';
  return /^arn:[^:]*:iam::\d*:mfa\//.test(serial) ? 'virtual' : 'hardware';
}

/** The name its owner gave a device; a hardware token's is its serial number. */
export function deviceName(serial: string): string {
  const last = serial.slice(serial.lastIndexOf('/') + 1);
  switch (kindOf(serial)) {
    case 'virtual':
      return last;
    case 'fido':
      return last.replace(/-[A-Z2-7]{26}$/, '');
    case 'hardware':
      return serial;
  }
}

/** Names of kinds as the wizard and the tables show them. */
export function kindName(kind: string): string {
  switch (kind) {
    case 'virtual':
      return 'Authenticator app';
    case 'fido':
      return 'Passkey or security key';
    case 'hardware':
      return 'Hardware TOTP token';
    default:
      return kind;
  }
}

function millis(date: When): number | undefined {
  if (date === undefined || date === null || date === '') return undefined;
  const time = new Date(date).getTime();
  return Number.isNaN(time) ? undefined : time;
}
