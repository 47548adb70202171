// What an administrator does on the pages beside users and devices: policies, groups, roles, settings, reports, keys.
import { readFileSync } from 'node:fs';
import {
  GetAccessKeyLastUsedCommand,
  GetAccountPasswordPolicyCommand,
  GetGroupCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  IAMClient,
  ListAccountAliasesCommand,
  ListAttachedUserPoliciesCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, openBrowser, picture, type Browser } from './browser';
import { expectText, signInAs } from './people';
import { allowAll, createPerson } from './scene';
import { startServer, type Server } from './server';

describe('an administrator', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
    page = browser.page;
    const admin = await createPerson(server, 'admin');
    await createPerson(server, 'alice');
    await signInAs(page, server, admin);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const inDialog = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true });
  const go = async (link: string) => {
    await page.getByRole('link', { name: link, exact: true }).first().click();
    await page.getByRole('heading', { level: 1, name: link }).waitFor();
  };

  it('writes a policy, and sees each mistake at its line before it is created', async () => {
    await go('Policies');
    await button('Create policy').click();
    await page.getByLabel('Policy name').fill('read-users');
    const document = page.getByLabel('Policy document');
    await document.fill('{\n  "Version": "2012-10-17",\n  "Statement": [,]\n}');
    await expectText(page, /Line 3, column \d+/);

    await document.fill('{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Permit",\n    "Action": "iam:GetUser",\n    "Resource": "*"\n  }]\n}');
    await button('Create policy').click();
    await expectText(page, /MalformedPolicyDocument/);
    await expectText(page, /Line 4, column \d+/);
    await expectAccessible(page);
    await picture(page, 'policy-error');

    await document.fill('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}]}');
    await button('Format').click();
    expect(await document.inputValue()).toContain('\n      "Action": "iam:GetUser",\n');
    await button('Create policy').click();
    await page.getByRole('heading', { level: 1, name: 'read-users' }).waitFor();

    await button('Edit').click();
    await page.getByRole('textbox', { name: 'Policy document' }).fill(allowAll);
    await button('Save as new version').click();
    await expectText(page, 'Version v2 (default)');
    const PolicyArn = `arn:aws:iam::${server.account}:policy/read-users`;
    const { PolicyVersion } = await server.root.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
    expect(JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? ''))).toEqual(JSON.parse(allowAll));

    await page.getByRole('tab', { name: 'Entities attached' }).click();
    await button('Attach').click();
    await page.getByRole('dialog').getByLabel('Name').fill('alice');
    await inDialog('Attach policy').click();
    await expectText(page, 'The policy was attached to user alice.');
    const { AttachedPolicies } = await server.root.send(new ListAttachedUserPoliciesCommand({ UserName: 'alice' }));
    expect(AttachedPolicies?.map((p) => p.PolicyArn)).toEqual([PolicyArn]);
  });

  it('makes a group and puts a user into it', async () => {
    await go('User groups');
    await button('Create group').click();
    await page.getByLabel('Group name').fill('operators');
    await inDialog('Create group').click();
    await page.getByRole('heading', { level: 1, name: 'operators' }).waitFor();
    await button('Add users').click();
    await page.getByRole('checkbox', { name: 'Select alice' }).check();
    await inDialog('Add users').click();
    await page.getByRole('link', { name: 'alice' }).waitFor();
    const { Users } = await server.root.send(new GetGroupCommand({ GroupName: 'operators' }));
    expect(Users?.map((u) => u.UserName)).toEqual(['alice']);
  });

  it('makes a role, which by its first trust policy asks for MFA', async () => {
    await go('Roles');
    await button('Create role').click();
    await page.getByLabel('Role name').fill('deployer');
    await inDialog('Create role').click();
    await page.getByRole('heading', { level: 1, name: 'deployer' }).waitFor();
    const { Role } = await server.root.send(new GetRoleCommand({ RoleName: 'deployer' }));
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toContain('aws:MultiFactorAuthPresent');
  });

  it('sets the password policy and the alias of the account', async () => {
    await go('Account settings');
    await page.getByLabel('Minimum password length').fill('3');
    await expectText(page, /6/);
    expect(await button('Save password policy').isDisabled()).toBe(true);
    await page.getByLabel('Minimum password length').fill('14');
    await page.getByLabel('Require at least one number').check();
    await button('Save password policy').click();
    await expect
      .poll(() => server.root.send(new GetAccountPasswordPolicyCommand({})).then((p) => p.PasswordPolicy, () => undefined))
      .toMatchObject({ MinimumPasswordLength: 14, RequireNumbers: true });

    await button('Create alias').click();
    await page.getByLabel('Preferred alias').fill('sally-works');
    await inDialog('Save').click();
    await expectText(page, 'The account alias is sally-works now.');
    await page.getByRole('button', { name: 'admin @ sally-works' }).waitFor();
    const { AccountAliases } = await server.root.send(new ListAccountAliasesCommand({}));
    expect(AccountAliases).toEqual(['sally-works']);
  });

  it('downloads the credential report as CSV', async () => {
    await go('Credential report');
    await button('Generate report').click();
    await expectText(page, /Generated /);
    const started = page.waitForEvent('download');
    await button('Download report').click();
    const download = await started;
    expect(download.suggestedFilename()).toMatch(/\.csv$/);
    const [head, ...rows] = readFileSync(await download.path(), 'utf8').trim().split('\n');
    expect(head).toMatch(/^user,arn,user_creation_time,password_enabled,/);
    expect(rows.map((row) => row.split(',')[0]).sort()).toEqual(['<root_account>', 'admin', 'alice']);
  });

  it('finds an event by user, name and time, and reads its record', async () => {
    await go('Event history');
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Event name').fill('CreateGroup');
    await button('Apply filters').click();
    await expect.poll(() => page.getByRole('row').count()).toBe(2); // the head, and the one
    expect(new URL(page.url()).searchParams.get('event')).toBe('CreateGroup');
    await page.getByRole('link', { name: /CreateGroup/ }).click();
    const record = JSON.parse(await page.getByLabel('Event record').inputValue()) as Record<string, unknown>;
    expect(record).toMatchObject({ eventName: 'CreateGroup', userIdentity: { userName: 'admin' }, requestParameters: { groupName: 'operators' } });
    await expectAccessible(page);
    await inDialog('Close').last().click();

    await page.getByLabel('To', { exact: true }).fill('2020-01-01T00:00');
    await button('Apply filters').click();
    await expectText(page, /No change matches/);
    await button('Clear filters').click();
    await expect.poll(() => page.getByRole('row').count()).toBeGreaterThan(5);
  });

  it('creates an access key, whose secret is shown once and works', async () => {
    await page.goto(`${server.url}/users/alice?tab=security-credentials`);
    await button('Create access key').click();
    await inDialog('Create access key').click();
    await inDialog('Show secret access key').click();
    const dialog = page.getByRole('dialog');
    const accessKeyId = /AKIA[A-Z0-9]{16}/.exec(await dialog.innerText())?.[0] ?? '';
    const secretAccessKey = await dialog.getByText(/^[A-Za-z0-9/+]{40}$/).innerText();
    await expectText(page, 'This is the only time that the secret access key can be viewed or downloaded.');
    await expectAccessible(page);
    await inDialog('Done').click();
    await page.getByRole('row', { name: accessKeyId }).waitFor();
    await page.reload();
    await page.getByRole('row', { name: accessKeyId }).waitFor();
    expect(await page.locator('body').innerText()).not.toContain(secretAccessKey);

    const alice = new IAMClient({ endpoint: server.otherOrigin, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey } });
    expect((await alice.send(new ListUsersCommand({}))).Users).toHaveLength(2);
    const { UserName } = await server.root.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }));
    expect(UserName).toBe('alice');
  });
});
