import { beforeEach, describe, expect, it, vi } from 'vitest';
import { iam } from '../../lib/iam';
import { changePasswordPolicy } from '../../policies/names';
import { createUser, type NewUser } from './createUser';

type Sent = { name: string; input: Record<string, unknown> };
let sent: Sent[];
let refuse: string[];

beforeEach(() => {
  sent = [];
  refuse = [];
  vi.spyOn(iam, 'send').mockImplementation(async (command: { constructor: { name: string }; input: object }) => {
    const name = command.constructor.name.replace(/Command$/, '');
    sent.push({ name, input: command.input as Record<string, unknown> });
    if (refuse.includes(name)) throw Object.assign(new Error('denied'), { name: 'AccessDenied' });
    return {};
  });
});

const alice: NewUser = {
  name: 'alice',
  console: { password: 'Secret-Password-1', reset: true },
  groups: ['devs', 'ops'],
  policies: [changePasswordPolicy, changePasswordPolicy],
  tags: [],
};

describe('createUser', () => {
  it('does everything in order, each thing once, and sends no empty list of tags', async () => {
    const created = await createUser(alice);
    expect(sent.map(({ name }) => name)).toEqual([
      'CreateUser',
      'CreateLoginProfile',
      'AddUserToGroup',
      'AddUserToGroup',
      'AttachUserPolicy',
    ]);
    expect(sent[0]?.input).toEqual({ UserName: 'alice', Tags: undefined });
    expect(sent[1]?.input).toEqual({ UserName: 'alice', Password: 'Secret-Password-1', PasswordResetRequired: true });
    expect(created).toEqual({ name: 'alice', password: 'Secret-Password-1', failures: [] });
  });

  it('goes on after a refused password, tells it, and shows no password that is not in force', async () => {
    refuse = ['CreateLoginProfile'];
    const created = await createUser(alice);
    expect(created.password).toBeUndefined();
    expect(created.failures.map(({ what }) => what)).toEqual(['The console password was not set']);
    expect(sent).toHaveLength(5);
  });

  it('tells each group and policy that failed', async () => {
    refuse = ['AddUserToGroup', 'AttachUserPolicy'];
    const { failures } = await createUser(alice);
    expect(failures.map(({ what }) => what)).toEqual([
      'The user was not added to group devs',
      'The user was not added to group ops',
      `Policy ${changePasswordPolicy} was not attached`,
    ]);
  });

  it('throws when there is no user, having tried nothing else', async () => {
    refuse = ['CreateUser'];
    await expect(createUser(alice)).rejects.toThrow('denied');
    expect(sent).toHaveLength(1);
  });
});
