// The walk that guides to multi-factor authentication take, start to end, as three people: root, alice and bob.
import { join } from 'node:path';
import { ListAttachedUserPoliciesCommand, ListMFADevicesCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addAuthenticator, expectAccessible, openBrowser, picture, pictures, type Browser } from './browser';
import { addMFA, chooseDevice, enterPassword, expectListed, signInAs, signInAsRoot, signOut } from './people';
import { Phone } from './phone';
import { startServer, type Server } from './server';

const alice = { name: 'alice', password: 'Alice-and-her-phone-1' };
const bob = { name: 'bob', password: 'Bob-has-no-device-1' };

describe('the guides’ walk', () => {
  let server: Server;
  let rootBrowser: Browser;
  let aliceBrowser: Browser;
  let phone: Phone;

  beforeAll(async () => {
    server = await startServer();
    [rootBrowser, aliceBrowser] = await Promise.all([openBrowser(), openBrowser()]);
  });
  afterAll(async () => {
    await Promise.all([rootBrowser?.close(), aliceBrowser?.close()]);
    await server?.stop();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    await picture(rootBrowser.page, 'failed-root');
    await picture(aliceBrowser.page, 'failed-alice');
  });

  it('root signs in with a password and is told to have a second factor', async () => {
    const { page } = rootBrowser;
    await page.goto(server.url);
    await page.getByLabel('Account ID or alias').waitFor();
    await expectAccessible(page);
    await picture(page, 'sign-in');
    await signInAsRoot(page, server);
    await expectAccessible(page);
    await picture(page, 'dashboard');
  });

  it('root assigns a passkey from the dashboard’s card', async () => {
    const { page } = rootBrowser;
    await addAuthenticator(page, { transport: 'internal' });
    await page.getByRole('button', { name: 'Assign MFA device' }).click();
    await chooseDevice(page, 'root-key', 'Passkey or security key');
    await addMFA(page);
    await expectListed(page, new RegExp(`arn:aws:iam::${server.account}:u2f/root/root-key-[A-Z2-7]{26}`));
  });

  it('root creates alice with access to the console', async () => {
    const { page } = rootBrowser;
    await createUser(rootBrowser, alice);
    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('link', { name: 'alice' }).waitFor();
    await server.root.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'all', PolicyDocument: allowAll }));
  });

  it('alice assigns an authenticator app by its QR code', async () => {
    const { page } = aliceBrowser;
    await signInAs(page, server, alice);
    await page.getByRole('button', { name: / @ / }).click();
    await expectAccessible(page);
    await page.getByRole('menuitem', { name: 'Security credentials' }).click();
    await page.getByRole('button', { name: 'Assign MFA device' }).click();
    await expectAccessible(page);
    await chooseDevice(page, 'alice-phone', 'Authenticator app');
    await page.getByRole('button', { name: 'Show QR code' }).click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    await expectAccessible(page);
    await picture(page, 'assign-authenticator-app');
    const code = join(pictures, 'qr-code.png');
    await page.getByRole('img', { name: /QR code/ }).screenshot({ path: code });
    phone = Phone.scan(code);

    const [first, second] = phone.pair();
    await addMFA(page, [second, first]);
    await page.getByText('Authentication code for device is not valid.').waitFor();
    await expectAccessible(page);
    await picture(page, 'assign-refused');
    await addMFA(page, [first, second]);
    await expectListed(page, `arn:aws:iam::${server.account}:mfa/alice-phone`);
    await picture(page, 'security-credentials');
  });

  it('alice signs out and in with both factors', async () => {
    const { page } = aliceBrowser;
    await signOut(page);
    await enterPassword(page, server, alice.name, alice.password);
    await page.getByLabel('MFA code').waitFor();
    await expectAccessible(page);
    await picture(page, 'second-factor');
    await page.getByLabel('MFA code').fill('000000');
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByText('Your authentication information is incorrect. Please try again.').waitFor();
    await page.getByLabel('MFA code').fill(phone.next());
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('heading', { level: 1, name: /Dashboard/ }).waitFor();
  });

  it('root signs in with the passkey and sees alice’s kind of MFA among the users', async () => {
    const { page } = rootBrowser;
    await signOut(page);
    await signInAsRoot(page, server, 'key');
    await createUser(rootBrowser, bob);
    await server.root.send(new PutUserPolicyCommand({ UserName: 'bob', PolicyName: 'all', PolicyDocument: allowAll }));
    await page.getByRole('link', { name: 'Users' }).click();
    await expect.poll(() => page.getByRole('row', { name: /alice/ }).innerText()).toContain('Authenticator app');
    await expect.poll(() => page.getByRole('row', { name: /bob/ }).innerText()).toContain('None');
    await expectAccessible(page);
    await page.setViewportSize({ width: 1440, height: 640 });
    await picture(page, 'users');
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('root assigns alice a security key as her second device', async () => {
    const { page } = rootBrowser;
    await page.getByRole('link', { name: 'alice' }).click();
    await page.getByRole('tab', { name: 'Security credentials' }).click();
    await page.getByRole('button', { name: 'Assign MFA device' }).click();
    await chooseDevice(page, 'alice-key', 'Passkey or security key');
    await addMFA(page);
    await expectListed(page, new RegExp(`arn:aws:iam::${server.account}:u2f/user/alice/alice-key-[A-Z2-7]{26}`));
    await expectListed(page, `arn:aws:iam::${server.account}:mfa/alice-phone`);
    await expectAccessible(page);
    await picture(page, 'user-devices');
    const { MFADevices } = await server.root.send(new ListMFADevicesCommand({ UserName: 'alice' }));
    expect(MFADevices).toHaveLength(2);
  });

  it('root enforces MFA for everyone, after a preview of who would be locked out', async () => {
    const { page } = rootBrowser;
    await page.getByRole('link', { name: 'MFA coverage' }).click();
    await page.getByRole('button', { name: 'Enforce MFA' }).click();
    const preview = page.getByRole('dialog');
    await preview.getByText(/bob/).first().waitFor();
    await expectAccessible(page);
    await picture(page, 'enforce-mfa');
    await preview.getByRole('button', { name: /Enforce|Attach|Create/ }).click();
    await expect.poll(() => attachedTo(server, 'bob'), { timeout: 20_000 }).toContain('DenyWithoutMFA');
    expect(await attachedTo(server, 'alice')).toContain('DenyWithoutMFA');
  });

  it('bob, without MFA, can do nothing but enrol, and then everything', async () => {
    const { page } = aliceBrowser;
    await signOut(page);
    await signInAs(page, server, bob);
    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByText(/is not authorized to perform: iam:ListUsers .* with an explicit deny/).first().waitFor();
    await expectAccessible(page);
    await picture(page, 'access-denied');

    await page.goto(`${server.url}/security-credentials`);
    await page.getByRole('button', { name: 'Assign MFA device' }).click();
    await chooseDevice(page, 'bob-phone', 'Authenticator app');
    await page.getByRole('button', { name: 'Show secret key' }).click();
    const secret = await page.getByText(/^[A-Z2-7]{64}$/).innerText();
    const bobsPhone = Phone.typed(secret);
    await addMFA(page, bobsPhone.pair());
    await expectListed(page, `arn:aws:iam::${server.account}:mfa/bob-phone`);

    await signOut(page);
    await signInAs(page, server, { ...bob, factor: bobsPhone });
    await page.getByRole('link', { name: 'Users' }).click();
    await page.getByRole('link', { name: 'alice' }).waitFor();
  });
});

const allowAll = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });

async function createUser({ page }: Browser, user: { name: string; password: string }): Promise<void> {
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('button', { name: 'Create user' }).click();
  await page.getByLabel('User name').fill(user.name);
  await page.getByLabel('Provide user access to the management console').check();
  await page.getByLabel('Custom password').check();
  await page.getByLabel('Console password', { exact: true }).fill(user.password);
  const reset = page.getByRole('checkbox', { name: /create a new password at next sign-in/i });
  await reset.uncheck();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Create user' }).click();
  await page.getByText(`/signin/`).first().waitFor();
}

async function attachedTo(server: Server, name: string): Promise<string> {
  const { AttachedPolicies } = await server.root.send(new ListAttachedUserPoliciesCommand({ UserName: name }));
  return (AttachedPolicies ?? []).map((p) => p.PolicyName).join(' ');
}
