// MFA devices that show codes, hardware tokens and apps: assigned, resynced, removed, and what the wizard says when it can't be.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CreateVirtualMFADeviceCommand, ListMFADevicesCommand, ListVirtualMFADevicesCommand } from '@aws-sdk/client-iam';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addAuthenticator, openBrowser, type Browser } from './browser';
import { addMFA, atDashboard, chooseDevice, enterPassword, expectListed, expectText, signInAs, signInAsRoot, signOut } from './people';
import { Phone } from './phone';
import { createPerson, givePhone } from './scene';
import { startServer, type Server } from './server';

const invalid = 'Authentication code for device is not valid.';

describe('a device that shows codes', () => {
  let server: Server;
  let rootBrowser: Browser;
  let userBrowser: Browser;
  let page: Page; // where a user is signed in
  let root: Page; // where root is

  beforeAll(async () => {
    [server, rootBrowser, userBrowser] = await Promise.all([startServer(), openBrowser(), openBrowser()]);
    root = rootBrowser.page;
    page = userBrowser.page;
    await signInAsRoot(root, server);
  });
  afterEach(async () => {
    await page.context().clearCookies();
  });
  afterAll(async () => {
    await Promise.all([rootBrowser?.close(), userBrowser?.close()]);
    await server?.stop();
  });

  it('is a hardware token: imported, assigned by its serial number, removed, assigned to another', async () => {
    const token = importToken(server, 'HT-0000042');
    const [alice, bob] = [await createPerson(server, 'alice'), await createPerson(server, 'bob')];
    await signInAs(page, server, alice);
    await assign(page, server, '', 'Hardware TOTP token');
    await page.getByLabel('Serial number').fill('HT-0000042');
    await addMFA(page, token.pair());
    await expectListed(page, 'HT-0000042');
    await signOut(page);
    await signInAs(page, server, { ...alice, factor: token });

    await removeDevice(page, server, 'HT-0000042');
    await signOut(page);
    await signInAs(page, server, alice);
    await signOut(page);

    await signInAs(page, server, bob);
    await assign(page, server, '', 'Hardware TOTP token');
    await page.getByLabel('Serial number').fill('HT-0000042');
    await addMFA(page, token.pair());
    await expectListed(page, 'HT-0000042');
    await signOut(page);
    await signInAs(page, server, { ...bob, factor: token });

    await assign(root, server, '', 'Hardware TOTP token', alice.name);
    await root.getByLabel('Serial number').fill('HT-0000042');
    await addMFA(root, token.pair());
    await expectText(root, 'EntityAlreadyExists');
    await expectText(root, 'A token is assigned to one user at a time. Remove it from the other one first.');
  });

  it('whose serial number nobody imported is refused with what to do', async () => {
    const user = await createPerson(server, 'stranger');
    await assign(root, server, '', 'Hardware TOTP token', user.name);
    await root.getByRole('button', { name: 'Add MFA' }).click();
    await expectText(root, 'Enter the serial number.');
    await root.getByLabel('Serial number').fill('UNKNOWN-0001');
    await addMFA(root, ['123456', '654321']);
    await expectText(root, 'NoSuchEntity');
    await expectText(root, /A token must be known to the server before it can be assigned/);
  });

  it('is assigned with two codes in the order it shows them; each mistake is named in place', async () => {
    const user = await createPerson(server, 'hasty');
    await signInAs(page, server, user);
    await page.goto(`${server.url}/security-credentials/mfa/assign`);
    await page.getByLabel('Device name').fill('');
    await page.getByRole('button', { name: 'Next' }).click();
    await expectText(page, /Enter a name/i);
    await chooseDevice(page, 'hasty-phone', 'Authenticator app');
    const phone = await typeSecret(page);

    await addMFA(page, ['12345', '']);
    expect(await page.getByText('Enter the 6 digits that the device shows.').count()).toBe(2);
    const [first, second] = phone.pair();
    await addMFA(page, [first, first]);
    await expectText(page, 'Wait for the next code; the two must differ.');
    await addMFA(page, [second, first]);
    await expectText(page, invalid);
    await expectText(page, /wait until the app shows a new code \(30 seconds\)/);
    await addMFA(page, [phone.wrong(), second]);
    await expectText(page, invalid);
    await addMFA(page, [first, second]);
    await expectListed(page, `arn:aws:iam::${server.account}:mfa/hasty-phone`);
  });

  it('whose clock drifted is resynced on the user’s page', async () => {
    const user = await createPerson(server, 'drifter');
    const phone = await givePhone(server, user.name);
    phone.drifts(40);
    await enterPassword(page, server, user.name, user.password);
    await page.getByLabel('MFA code').fill(phone.next());
    await page.getByRole('button', { name: 'Submit' }).click();
    await expectText(page, /information is incorrect/);

    await root.goto(`${server.url}/users/${user.name}`);
    await root.getByRole('tab', { name: 'Security credentials' }).click();
    await root.getByRole('radio', { name: 'Select drifter-phone' }).check();
    await root.getByRole('button', { name: 'Resync' }).click();
    const dialog = root.getByRole('dialog');
    const [first, second] = phone.pair();
    await fillCodes(root, [second, first]);
    await dialog.getByRole('button', { name: 'Resync' }).click();
    await dialog.getByText(invalid).waitFor();
    await fillCodes(root, [first, second]);
    await dialog.getByRole('button', { name: 'Resync' }).click();
    await expectText(root, 'drifter-phone is in step again.');

    await page.getByLabel('MFA code').fill(phone.next());
    await page.getByRole('button', { name: 'Submit' }).click();
    await atDashboard(page);
  });

  it('left behind by a broken-off assignment is offered for deletion, and does not block its name', async () => {
    const user = await createPerson(server, 'returner');
    await server.root.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'returner-phone' }));
    await signInAs(page, server, user);
    await assign(page, server, 'returner-phone', 'Authenticator app');
    await expectText(page, 'A device of this name was left behind');
    await page.getByRole('button', { name: 'Delete the abandoned device and continue' }).click();
    const phone = await typeSecret(page);
    await addMFA(page, phone.pair());
    await expectListed(page, `arn:aws:iam::${server.account}:mfa/returner-phone`);
  });

  it('of a wizard that is cancelled leaves nothing behind', async () => {
    const user = await createPerson(server, 'canceller');
    await assign(root, server, 'never', 'Authenticator app', user.name);
    await typeSecret(root);
    await root.getByRole('button', { name: 'Cancel' }).click();
    await root.getByRole('heading', { level: 1, name: user.name }).waitFor();
    await expect
      .poll(async () => (await server.root.send(new ListVirtualMFADevicesCommand({ AssignmentStatus: 'Unassigned' }))).VirtualMFADevices)
      .toEqual([]);
  });

  it('beyond the eighth is refused in place', async () => {
    const user = await createPerson(server, 'collector');
    for (let n = 1; n <= 8; n++) await givePhone(server, user.name, `collector-${n}`);
    await assign(root, server, 'collector-9', 'Authenticator app', user.name);
    const phone = await typeSecret(root);
    await addMFA(root, phone.pair());
    await expectText(root, 'LimitExceeded');
    await expectText(root, 'Remove a device that is no longer used, then try again.');
    await root.getByRole('button', { name: 'Cancel' }).click();
    await root.getByRole('heading', { level: 1, name: user.name }).waitFor();
    const { MFADevices } = await server.root.send(new ListMFADevicesCommand({ UserName: user.name }));
    expect(MFADevices).toHaveLength(8);
  });

  it('is assigned as the second one only in a session that began with the first', async () => {
    const user = await createPerson(server, 'second');
    await signInAs(page, server, user);
    const first = await givePhone(server, user.name, 'second-1');
    await assign(page, server, 'second-2', 'Authenticator app');
    await addMFA(page, (await typeSecret(page)).pair());
    await expectText(page, 'AccessDenied');
    await expectText(page, /Sign out and in again with your MFA device, then try again/);
    await signOut(page);

    await signInAs(page, server, { ...user, factor: first });
    await assign(page, server, 'second-3', 'Authenticator app');
    const phone = await typeSecret(page);
    await addMFA(page, phone.pair());
    await expectListed(page, `arn:aws:iam::${server.account}:mfa/second-3`);
  });

  it('newly assigned comes with the offer to end one’s other sessions, and that ends them', async () => {
    const user = await createPerson(server, 'careful');
    const other = await openBrowser();
    try {
      await signInAs(other.page, server, user);
      await signInAs(page, server, user);
      await assign(page, server, 'careful-phone', 'Authenticator app');
      const phone = await typeSecret(page);
      await addMFA(page, phone.pair());
      await expectText(page, /signed in to the console in one other session, begun before this change/);
      await page.getByRole('button', { name: 'End other sessions' }).click();
      await expectText(page, 'Your other sessions were ended.');
      await expectListed(page, /careful-phone/);

      await other.page.getByRole('link', { name: 'Users', exact: true }).click();
      await expectText(other.page, 'Your session has ended. Sign in again to go on where you were.');
    } finally {
      await other.close();
    }
  });

  it('of each kind is root’s through its own security credentials', async () => {
    await addAuthenticator(root);
    await root.goto(`${server.url}/security-credentials`);
    await root.getByRole('button', { name: 'Assign MFA device' }).click();
    await chooseDevice(root, 'root-phone', 'Authenticator app');
    const phone = await typeSecret(root);
    await addMFA(root, phone.pair());
    await expectListed(root, `arn:aws:iam::${server.account}:mfa/root-phone`);

    // From now on root's devices are managed in a session that began with one.
    await signOut(root);
    await signInAsRoot(root, server, phone);
    await assign(root, server, 'root-key', 'Passkey or security key');
    await addMFA(root);
    await expectListed(root, `:u2f/root/root-key-`);
    const token = importToken(server, 'ROOT-TOKEN-1');
    await assign(root, server, '', 'Hardware TOTP token');
    await root.getByLabel('Serial number').fill('ROOT-TOKEN-1');
    await addMFA(root, token.pair());
    await expectListed(root, 'ROOT-TOKEN-1');

    await root.getByRole('radio', { name: 'Select ROOT-TOKEN-1' }).check();
    await root.getByRole('button', { name: 'Resync' }).click();
    await fillCodes(root, token.pair());
    await root.getByRole('dialog').getByRole('button', { name: 'Resync' }).click();
    await expectText(root, 'ROOT-TOKEN-1 is in step again.');

    for (const device of ['ROOT-TOKEN-1', 'root-key']) await removeDevice(root, server, device);
    const { MFADevices } = await server.root.send(new ListMFADevicesCommand({}));
    expect(MFADevices?.map((d) => d.SerialNumber)).toEqual([`arn:aws:iam::${server.account}:mfa/root-phone`]);
  });
});

const binary = resolve(import.meta.dirname, '../../../bin/sallyport');

/** importToken makes a token known to the server, as whoever got the maker's seed file does. */
function importToken(server: Server, serial: string): Phone {
  const seed = randomBytes(20);
  const file = join(server.data, `${serial}.csv`);
  writeFileSync(file, `${serial},${seed.toString('hex')}\n`);
  execFileSync(binary, ['tokens', 'import', file, '--data', server.data]);
  return new Phone(seed);
}

/** assign goes to the second step of the wizard, for oneself or for a user. */
async function assign(page: Page, server: Server, device: string, kind: Parameters<typeof chooseDevice>[2], user?: string): Promise<void> {
  await page.goto(`${server.url}${user ? `/users/${user}` : '/security-credentials'}/mfa/assign`);
  await chooseDevice(page, device, kind);
}

async function typeSecret(page: Page): Promise<Phone> {
  await page.getByRole('button', { name: 'Show secret key' }).click();
  return Phone.typed(await page.getByText(/^[A-Z2-7]{64}$/).innerText());
}

async function fillCodes(page: Page, [first, second]: [string, string]): Promise<void> {
  await page.getByRole('dialog').getByLabel('MFA code 1').fill(first);
  await page.getByRole('dialog').getByLabel('MFA code 2').fill(second);
}

async function removeDevice(page: Page, server: Server, name: string): Promise<void> {
  await page.goto(`${server.url}/security-credentials`);
  await page.getByRole('radio', { name: `Select ${name}` }).check();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expectText(page, `${name} was removed.`);
}
