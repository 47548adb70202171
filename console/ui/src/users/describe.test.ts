import { describe, expect, it } from 'vitest';
import { lastActivity, lastActivityText, mfaKinds, passwordAge, type UserDetails } from './describe';

const key = (LastUsed?: string) => ({ AccessKeyId: 'AKIA', Status: 'Active', CreateDate: '2026-01-01T00:00:00Z', LastUsed });
const user = (part: Partial<UserDetails>): UserDetails => ({ UserName: 'alice', ...part });
const password = (LastUsed?: string) => ({ Exists: true, ResetRequired: false, LastUsed });

describe('lastActivity', () => {
  it('is the latest of password and keys, as times and not as texts', () => {
    const late = '2026-03-01T00:30:00+01:00'; // before the next one, although its text is greater
    const later = '2026-02-28T23:45:00Z';
    expect(lastActivity(user({ Password: password(late), AccessKeys: [key(later), key()] }))).toBe(later);
  });

  it('tells "never used" from "nothing to use"', () => {
    expect(lastActivityText(user({ Password: password() }))).toBe('Never');
    expect(lastActivityText(user({ AccessKeys: [key()] }))).toBe('Never');
    expect(lastActivityText(user({ Password: { Exists: false, ResetRequired: false }, AccessKeys: [] }))).toBe('-');
  });
});

describe('mfaKinds', () => {
  const device = (Kind: 'virtual' | 'hardware' | 'fido') => ({ SerialNumber: 's', EnableDate: '', Kind });
  it('names each kind once, or says None', () => {
    expect(mfaKinds([])).toBe('None');
    expect(mfaKinds([device('virtual'), device('fido'), device('virtual')])).toBe('Authenticator app, Passkey or security key');
  });
});

it('shows no age for a password that is not there', () => {
  expect(passwordAge({ Exists: false, ResetRequired: false, Changed: '2026-01-01T00:00:00Z' })).toBe('-');
});
