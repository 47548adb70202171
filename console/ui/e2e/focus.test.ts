// Where the keyboard's focus is after each move: on the title of a new page, and back where a dialogue was opened.
import { CreateGroupCommand, CreateUserCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, type Browser } from './browser';
import { signInAsRoot } from './people';
import { startServer, type Server } from './server';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), openBrowser()]);
  await server.root.send(new CreateUserCommand({ UserName: 'alice' }));
  await server.root.send(new CreateGroupCommand({ GroupName: 'operators' }));
  await signInAsRoot(browser.page, server);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const button = (name: string) => browser.page.getByRole('button', { name });
const inDialog = (name: string) => browser.page.getByRole('dialog').getByRole('button', { name });

/** The element that has the focus: its tag, and the first line of its text. */
const focused = () =>
  browser.page.evaluate(() => {
    const { tagName = '', innerText = '' } = (document.activeElement as HTMLElement | null) ?? {};
    return `${tagName} ${innerText.split('\n')[0]}`;
  });

it('goes to the title of each page, the last of a wizard included', async () => {
  const { page } = browser;
  await page.getByRole('link', { name: 'Users', exact: true }).click();
  await expect.poll(focused).toBe('H1 Users');
  await button('Create user').click();
  await expect.poll(focused).toBe('H1 Create user');
  await page.getByLabel('User name').fill('bob');
  await button('Next').click();
  await button('Next').click();
  await button('Create user').click();
  await expect.poll(focused).toBe('H1 User created');
  await button('View user').click();
  await expect.poll(focused).toBe('H1 bob');
});

it('comes back from a dialogue, cancelled by key or button', async () => {
  const { page } = browser;
  await page.goto(`${server.url}/users`);
  await page.getByRole('radio', { name: 'Select alice' }).check();
  for (const leave of [() => page.keyboard.press('Escape'), () => inDialog('Cancel').click()]) {
    await button('Delete').click();
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null)).toBe(true);
    await leave();
    await expect.poll(focused).toBe('BUTTON Delete');
  }
});

it('stays at the button whose row is gone after its work', async () => {
  const { page } = browser;
  await page.goto(`${server.url}/users/alice?tab=groups`);
  await button('Add user to groups').click();
  await page.getByRole('checkbox', { name: 'Select operators' }).check();
  await inDialog('Add user to groups').click();
  await page.getByRole('radio', { name: 'Select operators' }).check();
  await button('Remove from group').click();
  await inDialog('Remove from group').click();
  await page.getByText('The user is in no group.').waitFor();
  expect(await button('Remove from group').isDisabled()).toBe(true);
  expect(await focused()).toBe('BUTTON Remove from group');
});
