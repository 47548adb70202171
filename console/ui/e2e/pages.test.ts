// Every page as an administrator sees it: light and dark, wide and narrow, for screen readers and by keyboard.
import {
  AddUserToGroupCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  TagUserCommand,
} from '@aws-sdk/client-iam';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, openBrowser, picture, type Browser } from './browser';
import { atDashboard, enterPassword, expectListed, expectText, signInAs, signInAsRoot } from './people';
import { Phone } from './phone';
import { createPerson, givePhone, type Person } from './scene';
import { startServer, type Server } from './server';

describe('as an administrator', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  let admin: Person;
  const trouble: string[] = []; // what the browser complained about

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
    page = browser.page;
    watch(page, server, trouble);
    admin = await createPerson(server, 'admin');
    await furnish(server);
    await signInAs(page, server, admin);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  // Where it is, and its title: a page that is not there would be accessible too.
  const pages = [
    ['/', 'Dashboard'],
    ['/users', 'Users'],
    ['/create-user', 'Create user'],
    ['/users/alice', 'alice'],
    ['/users/alice?tab=groups', 'alice'],
    ['/users/alice?tab=tags', 'alice'],
    ['/users/alice?tab=security-credentials', 'alice'],
    ['/users/alice/mfa/assign', 'Assign MFA device'],
    ['/groups', 'User groups'],
    ['/groups/operators', 'operators'],
    ['/roles', 'Roles'],
    ['/roles/deployer', 'deployer'],
    ['/policies', 'Policies'],
    ['/policies/view?arn=arn:aws:iam::111122223333:policy/read-users', 'read-users'],
    ['/policies/create', 'Create policy'],
    ['/account', 'Account settings'],
    ['/credential-report', 'Credential report'],
    ['/coverage', 'MFA coverage'],
    ['/events', 'Event history'],
    ['/security-credentials', 'My security credentials'],
    ['/security-credentials/mfa/assign', 'Assign MFA device'],
    ['/nowhere', 'Page not found'],
  ] as const;

  for (const [path, title] of pages) {
    it(`${path}: accessible, light and dark, wide and narrow`, async () => {
      await page.goto(server.url + path);
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
      await page.waitForLoadState('networkidle');
      expect(await page.getByRole('alert').allInnerTexts()).toEqual([]);
      expect(trouble.splice(0)).toEqual([]);
      expect(await words(page)).not.toMatch(/\bAWS\b|Amazon/);
      await looksRight(page, path.replace(/\W+/g, '-').slice(1) || 'dashboard');
    });
  }
});

describe('before and around the session', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
    page = browser.page;
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('every step of signing in is accessible, light and dark, wide and narrow', async () => {
    const user = await createPerson(server, 'newcomer', { reset: true });
    const phone = await givePhone(server, user.name);
    await page.goto(server.url);
    await page.getByLabel('IAM username').waitFor();
    await looksRight(page, 'sign-in');
    await enterPassword(page, server, user.name, user.password);
    await page.getByLabel('MFA code').fill(phone.wrong());
    await page.getByRole('button', { name: 'Submit' }).click();
    await expectText(page, /information is incorrect/);
    await looksRight(page, 'sign-in-second-factor');
    await page.getByLabel('MFA code').fill(phone.next());
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByLabel('New password').waitFor();
    await looksRight(page, 'sign-in-new-password');
    await page.context().clearCookies();
  });

  it('root’s own pages are, too', async () => {
    await signInAsRoot(page, server);
    await page.waitForLoadState('networkidle');
    await looksRight(page, 'root-dashboard');
    await page.goto(`${server.url}/security-credentials`);
    await page.getByRole('heading', { level: 1, name: 'Security credentials of the root user' }).waitFor();
    await page.waitForLoadState('networkidle');
    await looksRight(page, 'root-security-credentials');
    await page.context().clearCookies();
  });

  it('whoever may do nothing sees on each page what was denied, and no empty lists', async () => {
    const user = await createPerson(server, 'held', { policy: denyAll });
    await signInAs(page, server, user);
    for (const [path, action] of [
      ['/', 'iam:GetAccountSummary'],
      ['/users', 'iam:ListUsers'],
      ['/users/newcomer', 'iam:GetUser'],
      ['/groups', 'iam:ListGroups'],
      ['/roles', 'iam:ListRoles'],
      ['/policies', 'iam:ListPolicies'],
      ['/account', 'iam:GetAccountPasswordPolicy'],
      ['/credential-report', 'iam:GetCredentialReport'],
      ['/security-credentials', 'iam:ListMFADevices'],
    ] as const) {
      await page.goto(server.url + path);
      await expectText(page, new RegExp(`${user.name} is not authorized to perform: ${action} on resource: .* with an explicit deny`));
      await page.waitForLoadState('networkidle');
      expect(await page.locator('main').innerText(), path).not.toMatch(/There are no|No MFA devices\.|No policies/);
    }
    for (const path of ['/coverage', '/events']) {
      await page.goto(server.url + path);
      await expectText(page, /is not authorized to perform: \w+:\w+/);
    }
    await page.context().clearCookies();
  });

  it('a server out of reach is told in place, and asked again', async () => {
    const user = await createPerson(server, 'offline');
    await signInAs(page, server, user);
    const wire = (url: URL) => url.pathname === '/';
    await page.route(wire, (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
    await page.getByRole('link', { name: 'Roles', exact: true }).click();
    await page.getByRole('main').getByRole('alert').first().waitFor();
    expect(await page.getByRole('main').getByRole('alert').first().innerText()).toMatch(/reach|network|connection/i);
    await page.unroute(wire);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await expectText(page, /There are no roles/);
  });
});

describe('by keyboard only', () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('one signs in, finds the wizard and assigns an authenticator app', async () => {
    const { page } = browser;
    const { keyboard } = page;
    const user = await createPerson(server, 'typist');
    await page.goto(`${server.url}/signin/${server.account}`);
    await focused(page.getByLabel('IAM username'));
    await keyboard.type(user.name);
    await keyboard.press('Tab');
    await keyboard.type(user.password);
    await tabTo(page, page.getByRole('button', { name: 'Sign in', exact: true }));
    await keyboard.press('Space');
    await atDashboard(page);

    await tabTo(page, page.getByRole('button', { name: / @ / }));
    await keyboard.press('Enter');
    await focused(page.getByRole('menuitem', { name: 'Security credentials' }));
    await keyboard.press('Enter');
    await tabTo(page, page.getByRole('button', { name: 'Assign MFA device' }));
    await keyboard.press('Space');

    await tabTo(page, page.getByLabel('Device name'));
    await keyboard.type('typed-phone');
    await tabTo(page, page.getByRole('radio', { name: 'Passkey or security key' }));
    await keyboard.press('ArrowDown');
    await focused(page.getByRole('radio', { name: 'Authenticator app' }));
    await tabTo(page, page.getByRole('button', { name: 'Next' }));
    await keyboard.press('Enter');

    await tabTo(page, page.getByRole('button', { name: 'Show secret key' }));
    await keyboard.press('Space');
    const phone = Phone.typed(await page.getByText(/^[A-Z2-7]{64}$/).innerText());
    const [first, second] = phone.pair();
    await tabTo(page, page.getByLabel('MFA code 1'));
    await keyboard.type(first);
    await keyboard.press('Tab');
    await keyboard.type(second);
    await keyboard.press('Enter');
    await expectListed(page, `arn:aws:iam::${server.account}:mfa/typed-phone`);
  });
});

/** tabTo presses Tab until the element has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  await element.waitFor();
  for (let presses = 0; presses < 60; presses++) {
    if (await hasFocus(element)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${String(element)}`);
}

const hasFocus = (element: Locator) => element.evaluate((e) => e === document.activeElement);

async function focused(element: Locator): Promise<void> {
  await expect.poll(() => hasFocus(element)).toBe(true);
}

/** watch notes what no page should do: errors, violations of the content policy, requests to other hosts. */
function watch(page: Page, server: Server, trouble: string[]): void {
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // The browser's note on a request that was refused: "there is no password" is a 404.
    if (message.type() === 'error' && !/the server responded with a status of 4/.test(message.text())) trouble.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== server.url) trouble.push(`request to ${request.url()}`);
  });
}

/** looksRight holds the page as it is to axe and to the screen, in both modes and at both widths. */
async function looksRight(page: Page, name: string): Promise<void> {
  for (const [colorScheme, width] of [['light', 1280], ['dark', 1280], ['dark', 375], ['light', 375]] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await page.locator(`body${colorScheme === 'dark' ? '.awsui-dark-mode' : ':not(.awsui-dark-mode)'}`).waitFor();
    await expectAccessible(page);
    if (colorScheme === 'dark') await picture(page, `pages/${name}-${width}`);
    if (width === 375) expect(await overflow(page), 'wider than the screen').toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
}

/** words is all that is read or heard on the page. */
function words(page: Page): Promise<string> {
  return page.evaluate(() => {
    const attributes = ['aria-label', 'title', 'alt', 'placeholder'];
    const spoken = [...document.querySelectorAll(attributes.map((a) => `[${a}]`).join())].flatMap((e) => attributes.map((a) => e.getAttribute(a) ?? ''));
    return [document.title, document.body.innerText, ...spoken].join('\n');
  });
}

/** overflow is what makes the document scroll sideways, if it does. */
function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width);
    return [`${document.documentElement.scrollWidth} px`, ...wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 160))];
  });
}

const denyAll = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] });
const readUsers = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' }] });

/** furnish puts one of everything into the account. */
async function furnish(server: Server): Promise<void> {
  const { root, account } = server;
  await createPerson(server, 'alice');
  await givePhone(server, 'alice');
  await createPerson(server, 'bob');
  await root.send(new CreateAccessKeyCommand({ UserName: 'bob' }));
  await root.send(new TagUserCommand({ UserName: 'alice', Tags: [{ Key: 'team', Value: 'blue' }] }));
  await root.send(new CreateGroupCommand({ GroupName: 'operators' }));
  await root.send(new AddUserToGroupCommand({ GroupName: 'operators', UserName: 'alice' }));
  const { Policy } = await root.send(new CreatePolicyCommand({ PolicyName: 'read-users', PolicyDocument: readUsers }));
  await root.send(new AttachUserPolicyCommand({ UserName: 'alice', PolicyArn: Policy?.Arn }));
  const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:user/alice` }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  await root.send(new CreateRoleCommand({ RoleName: 'deployer', AssumeRolePolicyDocument }));
}
