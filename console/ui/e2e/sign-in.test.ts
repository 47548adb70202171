// Signing in and what comes of it: wrong passwords, forced changes, resync at the door, and the session's life until its end.
import { CreateAccountAliasCommand, UpdateAccountPasswordPolicyCommand } from '@aws-sdk/client-iam';
import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser, type Browser } from './browser';
import { atDashboard, enterPassword, expectText, signInAs, signInAsRoot, signOut } from './people';
import { createPerson, givePhone } from './scene';
import { rootEmail, startServer, type Server } from './server';

const incorrect = 'Your authentication information is incorrect. Please try again.';

describe('signing in', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
    page = browser.page;
    // Or nobody but an administrator could change a password.
    await server.root.send(new UpdateAccountPasswordPolicyCommand({ AllowUsersToChangePassword: true }));
    await server.root.send(new CreateAccountAliasCommand({ AccountAlias: 'sally-works' }));
  });
  beforeEach(async () => {
    await page.context().clearCookies();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('says the same of a wrong password, an unknown user, account and root', async () => {
    const user = await createPerson(server, 'alice');
    const phoned = await createPerson(server, 'phoned');
    await givePhone(server, phoned.name);
    const said: string[] = [];
    for (const [account, name] of [[server.account, user.name], [server.account, phoned.name], [server.account, 'nobody'], ['999999999999', 'alice']]) {
      await page.goto(`${server.url}/signin/${account}`);
      await submitPassword(page, name!, 'Not-the-password-1');
      said.push(await page.getByRole('alert').innerText());
    }
    for (const email of [rootEmail, 'somebody@example.com']) {
      await page.goto(server.url);
      await page.getByRole('button', { name: 'Sign in using root user email' }).click();
      await page.getByLabel('Root user email address').fill(email);
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByLabel('Password', { exact: true }).fill('Not-the-password-1');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await expectText(page, incorrect);
      said.push(await page.getByRole('alert').innerText());
    }
    expect(said).toEqual(Array(6).fill(incorrect));
  });

  it('has to wait after five wrong passwords, and is told how long', async () => {
    const user = await createPerson(server, 'forgetful');
    await page.goto(`${server.url}/signin/${server.account}`);
    for (let n = 0; n < 5; n++) await submitPassword(page, user.name, `Wrong-password-${n}`);
    await page.getByLabel('Password', { exact: true }).fill(user.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expectText(page, /Try again in \d+ seconds?\./);
    expect(await page.getByRole('heading', { name: /Dashboard/ }).count()).toBe(0);
  });

  it('finds the account filled in by its alias or its id', async () => {
    const user = await createPerson(server, 'aliased');
    await page.goto(`${server.url}/signin/sally-works`);
    expect(await page.getByLabel('Account ID or alias').inputValue()).toBe('sally-works');
    await page.getByLabel('IAM username').fill(user.name);
    await page.getByLabel('Password', { exact: true }).fill(user.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await atDashboard(page);
    await page.getByRole('button', { name: 'aliased @ sally-works' }).waitFor();
    await signOut(page);
    await page.goto(`${server.url}/signin/${server.account}`);
    expect(await page.getByLabel('Account ID or alias').inputValue()).toBe(server.account);
  });

  it('asks for a new password where an administrator wants one', async () => {
    const user = await createPerson(server, 'fresh', { reset: true });
    await enterPassword(page, server, user.name, user.password);
    await changePassword(page, user.password, 'Chosen-by-fresh-1', 'Chosen-by-fresh-2');
    await expectText(page, 'The new password and its confirmation differ.');
    await changePassword(page, user.password, 'short');
    await expectText(page, /Password should have a minimum length of \d+/);
    await changePassword(page, 'Not-the-old-one-1', 'Chosen-by-fresh-1');
    await expectText(page, 'The old password is wrong.');
    await changePassword(page, user.password, 'Chosen-by-fresh-1');
    await atDashboard(page);
    await signOut(page);
    await signInAs(page, server, { name: user.name, password: 'Chosen-by-fresh-1' });
  });

  it('asks for the second factor before the new password', async () => {
    const user = await createPerson(server, 'guarded', { reset: true });
    const phone = await givePhone(server, user.name);
    await enterPassword(page, server, user.name, user.password);
    await submitCode(page, phone.next());
    await changePassword(page, user.password, 'Chosen-by-guarded-1');
    await atDashboard(page);
  });

  it('offers to resync a phone after three wrong codes, and lets it in then', async () => {
    const user = await createPerson(server, 'late');
    const phone = await givePhone(server, user.name);
    phone.drifts(30);
    await enterPassword(page, server, user.name, user.password);
    const offer = page.getByRole('button', { name: 'Resynchronise the device' });
    for (let n = 0; n < 3; n++) {
      await page.getByLabel('MFA code').waitFor();
      expect(await offer.count()).toBe(0);
      await submitCode(page, phone.next());
      await page.getByLabel('MFA code').and(page.locator('[value=""]')).waitFor();
    }
    await expectText(page, incorrect);
    await offer.click();
    const [first, second] = phone.pair();
    for (const codes of [[second, first], [first, second]] as const) {
      await page.getByLabel('MFA code 1').fill(codes[0]);
      await page.getByLabel('MFA code 2').fill(codes[1]);
      await page.getByRole('button', { name: 'Resync' }).click();
      await page.getByRole('alert').getByText(codes[0] === second ? 'Authentication code for device is not valid.' : /in step again/).waitFor();
    }
    await submitCode(page, phone.next());
    await atDashboard(page);
  });

  it('can be given up at the second step, which opens nothing by itself', async () => {
    const user = await createPerson(server, 'halfway');
    await givePhone(server, user.name);
    await enterPassword(page, server, user.name, user.password);
    await page.getByLabel('MFA code').waitFor();
    await page.goto(`${server.url}/users`);
    await page.getByLabel('MFA code').waitFor();
    await page.getByRole('button', { name: 'Cancel and go back to sign in' }).click();
    await page.getByLabel('IAM username').waitFor();
  });

  it('leads to the page that was asked for', async () => {
    const user = await createPerson(server, 'deep');
    await page.goto(`${server.url}/users/deep`);
    await page.getByLabel('Account ID or alias').fill(server.account);
    await page.getByLabel('IAM username').fill(user.name);
    await page.getByLabel('Password', { exact: true }).fill(user.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'deep' }).waitFor();
    expect(page.url()).toBe(`${server.url}/users/deep`);
  });
});

describe('a session', () => {
  let server: Server;
  let adminBrowser: Browser;
  let userBrowser: Browser;
  let page: Page;

  beforeAll(async () => {
    [server, adminBrowser, userBrowser] = await Promise.all([startServer(), openBrowser(), openBrowser()]);
    page = userBrowser.page;
  });
  beforeEach(async () => {
    await page.context().clearCookies();
  });
  afterAll(async () => {
    await Promise.all([adminBrowser?.close(), userBrowser?.close()]);
    await server?.stop();
  });

  it('survives a reload, and after sign-out “back” shows nothing of it', async () => {
    const user = await createPerson(server, 'alice');
    await signInAs(page, server, user);
    await page.goto(`${server.url}/users`);
    await page.getByRole('link', { name: 'alice' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'alice' }).waitFor();
    await signOut(page);
    await page.goBack();
    await page.getByLabel('IAM username').waitFor();
    expect(await page.getByRole('link', { name: 'alice' }).count()).toBe(0);
    await page.reload();
    await page.getByLabel('IAM username').waitFor();
  });

  it('that is over asks the server for no data', async () => {
    const posts: string[] = [];
    const note = (request: Request) => void (request.method() === 'POST' && posts.push(request.url()));
    page.on('request', note);
    for (const path of ['/', '/users', '/users/alice', '/coverage', '/events', '/security-credentials']) {
      await page.goto(server.url + path);
      await page.getByLabel('IAM username').waitFor();
    }
    page.off('request', note);
    expect(posts).toEqual([]);
    const wire = await page.evaluate(async () => {
      const answer = await fetch('/', {
        method: 'POST',
        body: 'Action=ListUsers&Version=2010-05-08',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      });
      return { status: answer.status, text: await answer.text() };
    });
    expect(wire.status).toBe(403);
    expect(wire.text).toContain('MissingAuthenticationToken');
  });

  it('is ended by an administrator, and its browser is at sign-in at the next click', async () => {
    const user = await createPerson(server, 'leaver');
    const admin = adminBrowser.page;
    await signInAs(page, server, user);
    await signInAsRoot(admin, server);
    await admin.goto(`${server.url}/users/leaver`);
    await admin.getByRole('tab', { name: 'Security credentials' }).click();
    await admin.getByRole('button', { name: 'End sessions' }).click();
    await admin.getByRole('dialog').getByRole('button', { name: 'End sessions' }).click();
    await expectText(admin, 'The console sessions of leaver were ended.');

    await page.getByRole('link', { name: 'Roles', exact: true }).click();
    await expectText(page, 'Your session has ended. Sign in again to go on where you were.');
    await page.getByLabel('IAM username').waitFor();
    expect(page.url()).toBe(`${server.url}/roles`);
  });

  it('is ended by its owner from another browser', async () => {
    const user = await createPerson(server, 'traveller');
    const admin = adminBrowser.page;
    await admin.context().clearCookies();
    await signInAs(page, server, user);
    await signInAs(admin, server, user);
    await admin.goto(`${server.url}/security-credentials`);
    await admin.getByRole('button', { name: 'End all other sessions' }).click();
    await expectText(admin, 'All your other sessions were ended.');
    await page.getByRole('link', { name: 'Users', exact: true }).click();
    await page.getByLabel('IAM username').waitFor();
    await admin.reload();
    await admin.getByRole('heading', { level: 1, name: 'My security credentials' }).waitFor();
  });

  it('is the one of whoever signed in last in this browser, in its other tabs too', async () => {
    const [one, two] = [await createPerson(server, 'one'), await createPerson(server, 'two')];
    await signInAs(page, server, one);
    const tab = await page.context().newPage();
    await tab.goto(server.url);
    await tab.getByRole('button', { name: 'one @ ' }).waitFor();
    await signOut(tab);
    await signInAs(tab, server, two);
    await tab.close();
    await page.reload();
    await page.getByRole('button', { name: 'two @ ' }).waitFor();
  });
});

/** submitPassword enters a password that is wrong, and waits for the answer. */
async function submitPassword(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('IAM username').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  const answer = page.waitForResponse('**/console/signin/password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await answer;
  await expectText(page, incorrect);
}

async function submitCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('MFA code').fill(code);
  await page.getByRole('button', { name: 'Submit' }).click();
}

async function changePassword(page: Page, old: string, next: string, again = next): Promise<void> {
  await page.getByLabel('Old password').fill(old);
  await page.getByLabel('New password').fill(next);
  await page.getByLabel('Confirm password').fill(again);
  await page.getByRole('button', { name: 'Confirm password change' }).click();
}
