// Debian's Chromium with a virtual authenticator, screenshots kept as build output, and axe.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { expect } from 'vitest';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const pictures = resolve(import.meta.dirname, '../../../artifacts/screenshots');

export interface Browser {
  context: BrowserContext;
  page: Page;
  close(): Promise<void>;
}

/** openBrowser starts a browser of its own, with an empty profile. */
export async function openBrowser(options: { width?: number; height?: number; dark?: boolean } = {}): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'sallyport-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
    colorScheme: options.dark ? 'dark' : 'light',
    reducedMotion: 'reduce', // or axe would measure colours half-way from one to another
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  context.setDefaultTimeout(15_000);
  const page = context.pages()[0] ?? (await context.newPage());
  return {
    context,
    page,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** A virtual security key, which Chromium offers to every page of the tab. */
export interface Authenticator {
  id: string;
  cdp: CDPSession;
  remove(): Promise<void>;
}

// A tab has one world of virtual keys, and the session that opened it keeps it.
const sessions = new WeakMap<Page, Promise<CDPSession>>();

async function webAuthn(page: Page): Promise<CDPSession> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  return cdp;
}

/** addAuthenticator plugs in a key, or builds one in. One for U2F checks nobody's PIN and keeps no passkeys. */
export async function addAuthenticator(
  page: Page,
  options: { protocol?: 'ctap2' | 'u2f'; transport?: 'usb' | 'internal' } = {},
): Promise<Authenticator> {
  const opened = sessions.get(page) ?? webAuthn(page);
  sessions.set(page, opened);
  const cdp = await opened;
  const u2f = options.protocol === 'u2f';
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: options.protocol ?? 'ctap2',
      transport: options.transport ?? 'usb',
      hasResidentKey: !u2f,
      hasUserVerification: !u2f,
      isUserVerified: !u2f,
      automaticPresenceSimulation: true,
    },
  });
  return { id: authenticatorId, cdp, remove: async () => void (await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })) };
}

/** picture keeps a screenshot as build output. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const debuggers = new WeakMap<Page, CDPSession>();

/** expectAccessible fails on every serious or critical finding of axe on the page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  // Through the debugger, because the page's own policy lets no other script in.
  // A session that is detached takes the page's virtual authenticators with it, so there is one that stays.
  const cdp = debuggers.get(page) ?? (await page.context().newCDPSession(page));
  debuggers.set(page, cdp);
  await cdp.send('Runtime.evaluate', { expression: axeSource });
  const { result, exceptionDetails } = await cdp.send('Runtime.evaluate', {
    expression: `axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200)).join(' | '))))`,
    awaitPromise: true,
    returnByValue: true,
  });
  expect(exceptionDetails, 'axe could not run').toBeUndefined();
  expect(JSON.parse(String(result.value)), `axe on ${page.url()}`).toEqual([]);
}
