import { expect, it } from 'vitest';
import { innerPath } from './links';

type Click = Parameters<typeof innerPath>[0];
const here = new URL('https://console.example/users?tab=1') as unknown as Location;

function click(attributes: string, event: Partial<Click> = {}) {
  document.body.innerHTML = `<a ${attributes}><span>text</span></a>`;
  return innerPath({ button: 0, defaultPrevented: false, target: document.querySelector('span'), ...event } as Click, here);
}

it.each([
  ['href="/groups?a=b#c"', '/groups?a=b#c'],
  ['href="https://console.example/roles"', '/roles'],
  ['href="/roles" target="_self"', '/roles'],
])('%s stays in the app', (attributes, path) => expect(click(attributes)).toBe(path));

it.each([
  '', // no link
  'href="#"',
  'href="https://other.example/users"',
  'href="//other.example/users"',
  'href="http://console.example/users"',
  'href="javascript:alert(1)"',
  'href="blob:https://console.example/1" download="x.csv"',
  'href="/users" target="_blank"',
  'href="/console/session"',
])('%s is left to the browser', (attributes) => expect(click(attributes)).toBeUndefined());

it.each([{ ctrlKey: true }, { metaKey: true }, { shiftKey: true }, { button: 1 }, { defaultPrevented: true }])(
  'a click with %o is left to the browser',
  (event) => expect(click('href="/groups"', event)).toBeUndefined(),
);
