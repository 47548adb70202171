// Every page as an administrator sees it: light and dark, wide and narrow, for screen readers and by keyboard, and what it does.
import { readFileSync } from 'node:fs';
import {
  AddUserToGroupCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  GetAccountPasswordPolicyCommand,
  GetGroupCommand,
  GetPolicyVersionCommand,
  ListAccessKeysCommand,
  ListAttachedUserPoliciesCommand,
  TagUserCommand,
} from '@aws-sdk/client-iam';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAccessible, openBrowser, picture, type Browser } from './browser';
import { enterPassword, expectListed, expectText, signInAs } from './people';
import { Phone } from './phone';
import { allowAll, createPerson, givePhone, type Person } from './scene';
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

  const paths = [
    '/',
    '/users',
    '/users/create',
    '/users/alice',
    '/users/alice?tab=groups',
    '/users/alice?tab=tags',
    '/users/alice?tab=credentials',
    '/users/alice/mfa/assign',
    '/groups',
    '/groups/operators',
    '/roles',
    '/roles/deployer',
    '/policies',
    '/policies/view?arn=arn:aws:iam::111122223333:policy/read-users',
    '/policies/create',
    '/account',
    '/credential-report',
    '/coverage',
    '/events',
    '/security-credentials',
    '/security-credentials/mfa/assign',
    '/nowhere',
  ];

  for (const path of paths) {
    it(`${path}: accessible, light and dark, wide and narrow`, async () => {
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
      await page.goto(server.url + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      expect(trouble.splice(0)).toEqual([]);
      expect(await words(page)).not.toMatch(/\bAWS\b|Amazon/);

      for (const [colorScheme, width] of [['light', 1280], ['dark', 1280], ['dark', 375], ['light', 375]] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await page.locator(`body${colorScheme === 'dark' ? '.awsui-dark-mode' : ':not(.awsui-dark-mode)'}`).waitFor();
        await expectAccessible(page);
        if (colorScheme === 'dark') await picture(page, `pages/${path.replace(/\?.*=/, '-').replace(/\W+/g, '-')}-${width}`);
        if (width === 375) expect(await overflow(page), 'wider than the screen').toEqual([]);
      }
    });
  }
});

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
