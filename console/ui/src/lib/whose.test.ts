import { expect, it } from 'vitest';
import type { SessionState } from './session';
import { whoseDevices } from './whose';

const base = { account: '123456789012', alias: '', email: '', arn: '' };
const root: SessionState['user'] = { ...base, kind: 'root', name: '' };
const alice: SessionState['user'] = { ...base, kind: 'user', name: 'alice' };

it.each([
  ['root: own devices', undefined, root, { userName: undefined, root: true, own: true }],
  ['root: those of a user', 'alice', root, { userName: 'alice', root: false, own: false }],
  ['a user: own devices', undefined, alice, { userName: 'alice', root: false, own: true }],
  ['a user: own devices by name, in another spelling', 'Alice', alice, { userName: 'Alice', root: false, own: true }],
  ['a user: those of another', 'bob', alice, { userName: 'bob', root: false, own: false }],
])('%s', (_, userName, user, whose) => expect(whoseDevices(userName, user)).toEqual(whose));
