// What to do about an error while a device is assigned, resynced or removed: the server says what, this says what now.
import { errorText } from '../lib/iam';
import type { DeviceKind } from '../lib/session';

/** Said where a device that nobody uses holds a name and may not be deleted. */
export const nameIsHeld = 'Choose another name; an administrator can delete the old one.';

/** A sentence or two, or undefined where the server's message says it all. */
export function advice(error: unknown, kind: DeviceKind): string | undefined {
  const { code, message } = errorText(error);
  switch (code) {
    case 'InvalidAuthenticationCode':
      return kind === 'hardware'
        ? 'Enter two codes that follow each other directly: wait until the token shows a new code before you read the second one. ' +
            'A code can be used once only. If it goes on failing, check that the serial number is that of this token.'
        : 'Enter two codes that follow each other directly: wait until the app shows a new code (30 seconds) before you read the second one. ' +
            'A code can be used once only. If it goes on failing, check that the clock of the device with the app is set automatically.';
    case 'AccessDenied':
      if (message.includes('authenticated with an MFA device')) {
        return undefined; // ErrorAlert says it, on every page
      }
      return 'A policy does not allow this. Ask an administrator.';
    case 'NoSuchEntity':
      return kind === 'hardware'
        ? 'The serial number is printed on the token. A token must be known to the server before it can be assigned; ask the administrator who holds its seed file.'
        : 'The device or the user is gone, perhaps by someone else’s hand. Start again.';
    case 'EntityAlreadyExists':
      return kind === 'hardware' ? 'A token is assigned to one user at a time. Remove it from the other one first.' : 'Choose another device name.';
    case 'LimitExceeded':
      return 'Remove a device that is no longer used, then try again.';
    case 'EntityTemporarilyUnmodifiable':
      return 'Wait a minute, then try again.';
    default:
      return undefined;
  }
}
