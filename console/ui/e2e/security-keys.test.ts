// Passkeys and security keys, made by Chromium's virtual authenticator: every kind of key, and each answer that is refused.
import { connect, createServer, type AddressInfo } from 'node:net';
import { DeactivateMFADeviceCommand, ListMFADevicesCommand } from '@aws-sdk/client-iam';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addAuthenticator, openBrowser, type Authenticator, type Browser } from './browser';
import { addMFA, atDashboard, chooseDevice, enterPassword, expectListed, expectText, signInAs, signInAsRoot, signOut } from './people';
import { createPerson, givePhone, type Person } from './scene';
import { startServer, type Server } from './server';

const kind = 'Passkey or security key';

/** assignKey registers the key in the browser: for oneself, or as an administrator for a user. */
async function assignKey(page: Page, server: Server, device: string, user?: string): Promise<void> {
  await page.goto(`${server.url}${user ? `/users/${user}` : '/security-credentials'}/mfa/assign`);
  await chooseDevice(page, device, kind);
  await addMFA(page);
}

async function keysOf(server: Server, user: string): Promise<string[]> {
  const { MFADevices } = await server.root.send(new ListMFADevicesCommand({ UserName: user }));
  return (MFADevices ?? []).map((device) => device.SerialNumber ?? '');
}

async function usePasskey(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Use passkey' }).click();
}

const override = (key: Authenticator, bits: { isBogusSignature?: boolean; isBadUV?: boolean; isBadUP?: boolean }) =>
  key.cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId: key.id, ...bits });

const present = (key: Authenticator, enabled: boolean) =>
  key.cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: key.id, enabled });

const unverified = 'The answer of the security key could not be verified. Try again, or use another key.';
const cancelled = /The prompt was cancelled, ran out of time/;

describe('a key', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  const plugged: Authenticator[] = [];
  const plug = async (options?: Parameters<typeof addAuthenticator>[1]) => {
    const key = await addAuthenticator(page, options);
    plugged.push(key);
    return key;
  };

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
    page = browser.page;
  });
  afterEach(async () => {
    await page.context().clearCookies();
    for (const key of plugged.splice(0)) await key.remove();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const [name, options] of [
    ['usb', { transport: 'usb' }],
    ['builtin', { transport: 'internal' }],
    ['u2f', { protocol: 'u2f' }],
  ] as const) {
    it(`is registered and signs in: ${name}`, async () => {
      await plug(options);
      const user = await createPerson(server, name);
      await signInAs(page, server, user);
      await assignKey(page, server, 'my-key');
      await expectListed(page, new RegExp(`arn:aws:iam::${server.account}:u2f/user/${name}/my-key-[A-Z2-7]{26}`));
      await signOut(page);
      await signInAs(page, server, { ...user, factor: 'key' });
    });
  }

  it('is registered by root, and signs root in', async () => {
    await plug();
    await signInAsRoot(page, server);
    await assignKey(page, server, 'safe');
    await expectListed(page, new RegExp(`arn:aws:iam::${server.account}:u2f/root/safe-[A-Z2-7]{26}`));
    await signOut(page);
    await signInAsRoot(page, server, 'key');

    // A key taken off its owner is not asked for any more.
    await page.goto(`${server.url}/security-credentials`);
    await page.getByRole('radio', { name: 'Select safe' }).check();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await expectText(page, /safe was removed/);
    await signOut(page);
    await signInAsRoot(page, server);
  });

  it('is one for several users', async () => {
    await plug();
    const users: Person[] = [await createPerson(server, 'jack'), await createPerson(server, 'jill')];
    for (const user of users) {
      await signInAs(page, server, user);
      await assignKey(page, server, 'shared');
      await expectListed(page, `u2f/user/${user.name}/shared-`);
      await signOut(page);
    }
    for (const user of users) {
      await signInAs(page, server, { ...user, factor: 'key' });
      await page.getByRole('button', { name: `${user.name} @ ` }).waitFor();
      await signOut(page);
    }
  });

  it('is registered once for a user, and a second key beside it', async () => {
    const user = await createPerson(server, 'twice');
    const first = await plug();
    await signInAsRoot(page, server);
    await assignKey(page, server, 'first', user.name);
    await expectListed(page, /u2f\/user\/twice\/first-/);
    await assignKey(page, server, 'again', user.name);
    await expectText(page, 'This passkey or security key is already registered for this user. Use another one.');
    expect(await keysOf(server, user.name)).toHaveLength(1);

    await present(first, false);
    const second = await plug();
    await page.getByRole('button', { name: 'Add MFA' }).click();
    await expectListed(page, /u2f\/user\/twice\/again-/);
    expect(await keysOf(server, user.name)).toHaveLength(2);

    for (const [key, other] of [[first, second], [second, first]] as const) {
      await present(other, false);
      await present(key, true);
      await page.context().clearCookies();
      await signInAs(page, server, { ...user, factor: 'key' });
    }
  });

  it('and a phone: each signs in, chosen with “Use another MFA device”', async () => {
    const user = await createPerson(server, 'both');
    await plug();
    const phone = await givePhone(server, user.name);
    await signInAs(page, server, { ...user, factor: phone });
    await assignKey(page, server, 'both-key');
    await expectListed(page, /both-key-/);
    await signOut(page);

    await enterPassword(page, server, user.name, user.password);
    await page.getByRole('button', { name: 'Use another MFA device' }).click();
    await page.getByRole('radio', { name: 'Passkey or security key both-key' }).check();
    expect(await page.getByLabel('MFA code').count()).toBe(0);
    await usePasskey(page);
    await atDashboard(page);
    await signOut(page);

    await enterPassword(page, server, user.name, user.password);
    await page.getByRole('button', { name: 'Use another MFA device' }).click();
    await page.getByRole('radio', { name: 'Authenticator app both-phone' }).check();
    expect(await page.getByRole('button', { name: 'Use passkey' }).count()).toBe(0);
    await page.getByLabel('MFA code').fill(phone.next());
    await page.getByRole('button', { name: 'Submit' }).click();
    await atDashboard(page);
  });

  it('is bound to the address of the console: at another one there is a warning and a clear refusal', async () => {
    await plug();
    const user = await createPerson(server, 'elsewhere');
    await signInAs(page, server, user);
    await assignKey(page, server, 'key');
    await expectListed(page, /elsewhere\/key-/);

    const there = { ...server, url: server.otherOrigin };
    await enterPassword(page, there, user.name, user.password);
    await expectText(page, `Passkeys and security keys will not work here: the console was opened at ${server.otherOrigin}, and they are bound to ${server.url}.`);
    await usePasskey(page);
    await expectText(page, 'Security keys do not work at this address. Open the console at the address that it was set up for.');
  });

  it('used at another port of the same host, where the browser has no objection, is refused by the server', async () => {
    await plug();
    const user = await createPerson(server, 'port');
    await signInAs(page, server, user);
    await assignKey(page, server, 'key');
    await expectListed(page, /port\/key-/);
    await signOut(page);

    const tunnel = createServer((socket) => {
      const onward = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => onward.destroy()).pipe(onward).on('error', () => socket.destroy()).pipe(socket);
    });
    await new Promise<void>((listening) => tunnel.listen(0, '127.0.0.1', listening));
    try {
      const there = { ...server, url: `http://localhost:${(tunnel.address() as AddressInfo).port}` };
      await enterPassword(page, there, user.name, user.password);
      await usePasskey(page);
      await expectText(page, `Passkeys and security keys work only at ${server.url}. Open the management console there and try again.`);
    } finally {
      await page.goto('about:blank');
      tunnel.close();
    }
  });

  it('that its owner does not let register is a cancelled prompt: nothing is registered, and a retry works', async () => {
    const key = await plug();
    const user = await createPerson(server, 'hesitant');
    await signInAs(page, server, user);
    await present(key, false);
    await impatient(page, '**/console/security-keys/begin');
    await assignKey(page, server, 'key');
    await expectText(page, cancelled);
    expect(await keysOf(server, user.name)).toEqual([]);
    await page.unrouteAll();
    await present(key, true);
    await page.getByRole('button', { name: 'Add MFA' }).click();
    await expectListed(page, /hesitant\/key-/);
  });

  it('whose registration nobody was present at is refused', async () => {
    const key = await plug();
    const user = await createPerson(server, 'absent');
    await signInAs(page, server, user);
    await override(key, { isBadUP: true });
    await assignKey(page, server, 'key');
    await expectText(page, unverified);
    expect(await keysOf(server, user.name)).toEqual([]);
  });
});

describe('an answer at sign-in', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  let key: Authenticator;
  let user: Person;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
    page = browser.page;
    key = await addAuthenticator(page);
    user = await createPerson(server, 'alice');
    await signInAs(page, server, user);
    await assignKey(page, server, 'key');
    await expectListed(page, /alice\/key-/);
  });
  beforeEach(async () => {
    await page.unrouteAll();
    await page.context().clearCookies();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const atSecondStep = () => enterPassword(page, server, user.name, user.password);
  const retryWorks = async () => {
    await usePasskey(page);
    await atDashboard(page);
  };

  it('with a bogus signature is refused, and the next one signs in', async () => {
    await atSecondStep();
    await override(key, { isBogusSignature: true });
    await usePasskey(page);
    await expectText(page, unverified);
    await override(key, { isBogusSignature: false });
    await retryWorks();
  });

  it('without the user’s presence is refused, and the next one signs in', async () => {
    await atSecondStep();
    await override(key, { isBadUP: true });
    await usePasskey(page);
    await expectText(page, unverified);
    await override(key, { isBadUP: false });
    await retryWorks();
  });

  it('without the user’s verification is accepted where that is only preferred', async () => {
    await atSecondStep();
    await override(key, { isBadUV: true });
    await retryWorks();
    await override(key, { isBadUV: false });
  });

  it('that is never given is a cancelled prompt, and a retry works', async () => {
    await atSecondStep();
    await present(key, false);
    await impatient(page, '**/console/signin/key/begin');
    await usePasskey(page);
    await expectText(page, cancelled);
    await page.unrouteAll();
    await present(key, true);
    await retryWorks();
  });

  it('of a key whose counter went back is refused, because the key may have been copied', async () => {
    const { credentials } = await key.cdp.send('WebAuthn.getCredentials', { authenticatorId: key.id });
    expect(credentials).toHaveLength(1);
    const credential = credentials[0]!;
    const setCount = async (signCount: number) => {
      await key.cdp.send('WebAuthn.removeCredential', { authenticatorId: key.id, credentialId: credential.credentialId });
      await key.cdp.send('WebAuthn.addCredential', { authenticatorId: key.id, credential: { ...credential, signCount } });
    };
    await atSecondStep();
    await setCount(0);
    await usePasskey(page);
    await expectText(page, 'This key may have been copied, so it is not accepted. Use another key and tell your administrator.');
    expect(server.log()).toContain('the signature counter of a security key went back');
    await setCount(credential.signCount + 10);
    await retryWorks();
  });

  it('of a key from which the credential was removed is refused with what to do', async () => {
    const { credentials } = await key.cdp.send('WebAuthn.getCredentials', { authenticatorId: key.id });
    await atSecondStep();
    await key.cdp.send('WebAuthn.clearCredentials', { authenticatorId: key.id });
    await impatient(page, '**/console/signin/key/begin');
    await usePasskey(page);
    await expectText(page, cancelled);
    for (const credential of credentials) await key.cdp.send('WebAuthn.addCredential', { authenticatorId: key.id, credential });
    await page.unrouteAll();
    await retryWorks();
  });

  it('of a key that was taken off the user meanwhile leads back to the password', async () => {
    await atSecondStep();
    await page.getByRole('button', { name: 'Use passkey' }).waitFor();
    const [SerialNumber] = await keysOf(server, user.name);
    await server.root.send(new DeactivateMFADeviceCommand({ UserName: user.name, SerialNumber }));
    await usePasskey(page);
    await page.getByLabel('IAM username').waitFor();
    await signInAs(page, server, user);
  });
});

describe('with --fido-user-verification required', () => {
  let server: Server;
  let browser: Browser;
  let key: Authenticator;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer('--fido-user-verification', 'required'), openBrowser()]);
    key = await addAuthenticator(browser.page);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('a key that does not check who touches it is refused, at registration and at sign-in', async () => {
    const { page } = browser;
    const who = 'The key has to check that it is you. Set up a PIN, fingerprint or face on it, or use another key.';
    const user = await createPerson(server, 'alice');
    await signInAs(page, server, user);
    await override(key, { isBadUV: true });
    await assignKey(page, server, 'key');
    await expectText(page, who);
    await override(key, { isBadUV: false });
    await page.getByRole('button', { name: 'Add MFA' }).click();
    await expectListed(page, /alice\/key-/);
    await signOut(page);

    await enterPassword(page, server, user.name, user.password);
    await override(key, { isBadUV: true });
    await usePasskey(page);
    await expectText(page, who);
    await override(key, { isBadUV: false });
    await usePasskey(page);
    await atDashboard(page);
  });
});

/** impatient makes the prompt end soon when nobody touches the key, which otherwise takes five minutes. */
async function impatient(page: Page, begin: string): Promise<void> {
  await page.route(begin, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { options: { publicKey: { timeout: number } } };
    body.options.publicKey.timeout = 500;
    await route.fulfill({ response: answer, json: body });
  });
}
