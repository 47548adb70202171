// What people do at the console again and again, by the names that they see.
import type { Page } from 'playwright-core';
import { rootEmail, rootPassword, type Server } from './server';
import type { Phone } from './phone';

/** The second factor of who signs in: none, a phone that shows codes, or a key in the browser. */
export type Factor = Phone | 'key' | undefined;

export async function signInAsRoot(page: Page, server: Server, factor?: Factor): Promise<void> {
  await page.goto(server.url);
  await page.getByRole('button', { name: 'Sign in using root user email' }).click();
  await page.getByLabel('Root user email address').fill(rootEmail);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Password', { exact: true }).fill(rootPassword);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await secondStep(page, factor);
  await atDashboard(page);
}

export async function signInAs(page: Page, server: Server, user: { name: string; password: string; factor?: Factor }): Promise<void> {
  await enterPassword(page, server, user.name, user.password);
  await secondStep(page, user.factor);
  await atDashboard(page);
}

export async function enterPassword(page: Page, server: Server, name: string, password: string): Promise<void> {
  await page.goto(`${server.url}/signin/${server.account}`);
  await page.getByLabel('IAM username').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function secondStep(page: Page, factor: Factor): Promise<void> {
  if (factor === undefined) return;
  if (factor === 'key') {
    await page.getByRole('button', { name: 'Use passkey' }).click();
    return;
  }
  await page.getByLabel('MFA code').fill(factor.next());
  await page.getByRole('button', { name: 'Submit' }).click();
}

export async function atDashboard(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1, name: /Dashboard/ }).waitFor();
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: / @ / }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('Account ID or alias').waitFor();
}

/** chooseDevice goes through the first step of the wizard. */
export async function chooseDevice(page: Page, name: string, kind: 'Passkey or security key' | 'Authenticator app' | 'Hardware TOTP token'): Promise<void> {
  await page.getByLabel('Device name').fill(name);
  await page.getByRole('radio', { name: kind }).check();
  await page.getByRole('button', { name: 'Next' }).click();
}

export async function addMFA(page: Page, codes?: [string, string]): Promise<void> {
  if (codes) {
    await page.getByLabel('MFA code 1').fill(codes[0]);
    await page.getByLabel('MFA code 2').fill(codes[1]);
  }
  await page.getByRole('button', { name: 'Add MFA' }).click();
}

/** expectListed waits for a device in the table of devices, by its ARN or serial number. */
export async function expectListed(page: Page, serial: RegExp | string): Promise<void> {
  await page.getByRole('row').filter({ hasText: serial }).first().waitFor();
}

/** expectText waits until the page says something. */
export async function expectText(page: Page, text: RegExp | string): Promise<void> {
  await page.getByText(text).first().waitFor();
}
