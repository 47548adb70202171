import { expect, it } from 'vitest';
import { managedPolicyLimit } from './document';
import { readJSON } from './json';
import { standardPolicy } from './standard';

type Statement = { Sid: string; Effect: string; Action?: string | string[]; NotAction?: string[]; NotResource?: unknown; Condition?: unknown };
const { Statement: statements } = JSON.parse(standardPolicy) as { Statement: Statement[] };
const denies = statements.filter((s) => s.Effect === 'Deny');
const list = (value: string | string[] = []) => [value].flat();

it('fits into a managed policy', () => {
  expect(readJSON(standardPolicy)).toHaveProperty('root');
  expect(standardPolicy.replace(/\s/g, '').length).toBeLessThan(managedPolicyLimit);
});

it('denies under no other condition than the absence of MFA', () => {
  for (const deny of denies) expect(deny.Condition).toEqual({ BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } });
});

it('holds every exception that writes, but the creation of a device, to one’s own', () => {
  const exceptions = denies.flatMap((s) => s.NotAction ?? []);
  const held = denies.filter((s) => s.NotResource).flatMap((s) => list(s.Action));
  const free = exceptions.filter((action) => !held.includes(action));
  expect(free.sort()).toEqual([
    'iam:CreateVirtualMFADevice',
    'iam:GetAccountPasswordPolicy',
    'iam:ListVirtualMFADevices',
    'sts:GetSessionToken',
  ]);
});

it('allows what it does not deny, since enrolment must not hang on another policy', () => {
  const allowed = statements.filter((s) => s.Effect === 'Allow').flatMap((s) => list(s.Action));
  const exceptions = denies.flatMap((s) => s.NotAction ?? []).filter((action) => action !== 'sts:GetSessionToken');
  expect(allowed).toEqual(expect.arrayContaining(exceptions));
});
