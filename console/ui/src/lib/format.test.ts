import { describe, expect, test } from 'vitest';
import { ago, dateTime, days, deviceName, duration, kindName, kindOf, wait } from './format';

const now = Date.parse('2026-11-22T12:00:00Z');
const key = 'arn:aws:iam::123456789012:u2f/user/alice/my-key-ABCDEFGHIJKLMNOPQRSTUVWXYZ';

test.each([
  ['2026-11-22T11:59:50Z', 'just now'],
  ['2026-11-22T11:55:00Z', '5 minutes ago'],
  ['2026-11-22T09:00:00Z', '3 hours ago'],
  ['2026-11-21T11:00:00Z', 'yesterday'],
  ['2026-10-23T12:00:00Z', '30 days ago'],
  ['2026-07-22T12:00:00Z', '4 months ago'],
  ['2023-11-22T00:00:00Z', '3 years ago'],
  [undefined, '-'],
  ['no date', '-'],
])('ago(%s) is %s', (date, words) => expect(ago(date, now)).toBe(words));

test.each([
  ['2026-11-22T01:00:00Z', 'Today'],
  ['2026-11-21T11:00:00Z', '1 day'],
  ['2026-08-24T12:00:00Z', '90 days'],
  ['2026-11-23T12:00:00Z', 'Today'], // the clocks of server and browser may differ
  [null, '-'],
])('days(%s) is %s', (date, words) => expect(days(date, now)).toBe(words));

test('dateTime of nothing is a dash', () => expect(dateTime('')).toBe('-'));

test.each([
  [0, '1 second'],
  [0.2, '1 second'],
  [95, '95 seconds'],
  [121, '3 minutes'], // rounded up: to come too early would count as another try
  [7200, '2 hours'],
])('wait(%d) is %s', (seconds, words) => expect(wait(seconds)).toBe(words));

test.each([
  [3600, '1 hour'],
  [5400, '90 minutes'],
  [43200, '12 hours'],
])('duration(%d) is %s', (seconds, words) => expect(duration(seconds)).toBe(words));

describe('devices', () => {
  test.each([
    ['arn:aws:iam::123456789012:mfa/phone', 'virtual', 'phone'],
    ['arn:aws:iam::123456789012:mfa/team/a/phone', 'virtual', 'phone'],
    [key, 'fido', 'my-key'],
    ['arn:aws:iam::123456789012:u2f/root/desk-ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'fido', 'desk'],
    ['GAHT12345678', 'hardware', 'GAHT12345678'],
  ])('%s is %s, named %s', (serial, kind, name) => {
    expect(kindOf(serial)).toBe(kind);
    expect(deviceName(serial)).toBe(name);
  });

  test('a kind that this console does not know keeps its name', () => expect(kindName('sms')).toBe('sms'));
});
