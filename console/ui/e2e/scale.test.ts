// Many users: the list asks for one page, with one request for each kind of thing, and keeps what was chosen.
import { CreateUserCommand } from '@aws-sdk/client-iam';
import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, picture, type Browser } from './browser';
import { expectText, signInAs } from './people';
import { createPerson, type Person } from './scene';
import { startServer, type Server } from './server';

describe('the list of users', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  let admin: Person;

  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), openBrowser()]);
    page = browser.page;
    admin = await createPerson(server, 'admin');
    await signInAs(page, server, admin);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** requests is what the browser asks the server for while it does something, in order. */
  async function requests(what: () => Promise<void>): Promise<string[]> {
    const asked: string[] = [];
    const note = (request: Request) => {
      if (request.method() === 'POST') asked.push(/Action=(\w+)/.exec(request.postData() ?? '')?.[1] ?? new URL(request.url()).pathname);
    };
    page.on('request', note);
    await what();
    await page.waitForLoadState('networkidle');
    page.off('request', note);
    return asked;
  }

  const firstPage = ['ListUsers', '/console/operations/DescribeUsers'];
  const open = async () => {
    await page.goto(`${server.url}/users`);
    await page.getByRole('row').filter({ hasText: 'None' }).first().waitFor();
  };

  it('asks as often for 301 users as for one', async () => {
    expect(await requests(open)).toEqual(firstPage);
    const names = Array.from({ length: 300 }, (_, n) => `user-${String(n).padStart(3, '0')}`);
    for (let n = 0; n < names.length; n += 20) {
      await Promise.all(names.slice(n, n + 20).map((UserName) => server.root.send(new CreateUserCommand({ UserName }))));
    }
    expect(await requests(open)).toEqual(firstPage);
    expect(await page.getByRole('row').count()).toBe(51); // with the head
    await picture(page, 'users-many');
  });

  it('asks for a further page when it is turned to, and not again for one that was seen', async () => {
    const turn = async (to: string, first: string) => {
      await page.getByRole('button', { name: to }).click();
      await page.getByRole('row').filter({ hasText: first }).filter({ hasText: 'None' }).waitFor();
    };
    expect(await requests(() => turn('Following page', 'user-049'))).toEqual(firstPage);
    expect(await requests(() => turn('Preceding page', 'user-000'))).not.toContain('ListUsers');
  });

  it('leads to a user beyond the page by the name', async () => {
    await open();
    await page.getByRole('searchbox', { name: 'Find users on this page' }).fill('user-299');
    await page.getByRole('button', { name: 'Go to user user-299' }).click();
    await page.getByRole('heading', { level: 1, name: 'user-299' }).waitFor();
  });

  it('keeps the columns and the size of a page that were chosen', async () => {
    await open();
    await page.getByRole('button', { name: 'Preferences' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: '20 rows' }).check();
    await dialog.getByRole('checkbox', { name: 'Path' }).uncheck();
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    for (const again of [async () => {}, async () => void (await page.reload())]) {
      await again();
      await page.getByRole('row').filter({ hasText: 'None' }).first().waitFor();
      await expect.poll(() => page.getByRole('row').count()).toBe(21);
      expect(await page.getByRole('columnheader', { name: 'Path' }).count()).toBe(0);
      expect(await page.getByRole('columnheader', { name: 'Groups' }).count()).toBe(1);
    }
  });

  it('keeps the filters of the policies and the events', async () => {
    await page.goto(`${server.url}/policies`);
    await page.getByRole('button', { name: /Type of policy/ }).click();
    await page.getByRole('option', { name: 'Customer managed' }).click();
    await expectText(page, 'There are no policies of this type yet.');
    await page.reload();
    await expectText(page, 'There are no policies of this type yet.');

    await page.goto(`${server.url}/events`);
    await page.getByLabel('Event name').fill('ConsoleLogin');
    await page.getByRole('button', { name: 'Apply filters' }).click();
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    await page.reload();
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    expect(await page.getByLabel('Event name').inputValue()).toBe('ConsoleLogin');
  });
});
