import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { ConsoleError } from '../lib/console';
import * as session from '../lib/session';
import { KeyError } from '../lib/webauthn';
import ErrorAlert from './ErrorAlert';

const show = (error: unknown, mfa = false) => {
  vi.spyOn(session, 'useSession').mockReturnValue({ state: { mfa } } as ReturnType<typeof session.useSession>);
  render(<ErrorAlert error={error} />);
  return screen.getByRole('alert').textContent;
};
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const denial = (message: string) => new ConsoleError('AccessDenied', message, 403);
const explicit = denial('User: x is not authorized to perform: iam:ListUsers on resource: * with an explicit deny in a policy');

it('speaks of MFA where its lack may be the reason', () => {
  expect(show(explicit)).toMatch(/You are signed in without MFA/);
});

it('says how to go on with the device that one has', () => {
  const message = 'To complete this action, please ensure that you are authenticated with an MFA device that is enabled for this user.';
  expect(show(denial(message))).toMatch(/Sign out and in again with your MFA device/);
});

it.each([
  ['in a session with MFA', explicit, true],
  ['where nothing allows the action', denial('x is not authorized because no identity-based policy allows it'), false],
])('says no word of MFA %s', (_, error, mfa) => expect(show(error, mfa)).not.toMatch(/MFA/));

it('has a heading in words for a key that failed', () => {
  expect(show(new KeyError('NotAllowed', 'Cancelled.'))).toMatch(/^The key could not be used/);
});
