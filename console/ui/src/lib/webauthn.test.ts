import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  authenticationJSON,
  createKey,
  fromBase64url,
  keyError,
  parseCreationOptions,
  parseRequestOptions,
  registrationJSON,
  toBase64url,
  useKey as askKey,
} from './webauthn';

const bytes = (...values: number[]) => new Uint8Array(values).buffer;
const list = (buffer: BufferSource) => [...new Uint8Array(buffer as ArrayBuffer)];

afterEach(() => vi.unstubAllGlobals());

describe('base64url', () => {
  // RFC 4648, section 10, and the two characters in which base64url differs from base64.
  test.each([
    ['', []],
    ['Zg', [102]],
    ['Zm8', [102, 111]],
    ['Zm9vYmFy', [102, 111, 111, 98, 97, 114]],
    ['-_8', [0xfb, 0xff]],
  ])('%s', (text, values) => {
    expect(toBase64url(bytes(...values))).toBe(text);
    expect(list(fromBase64url(text))).toEqual(values);
  });

  test('padding is taken', () => expect(list(fromBase64url('Zg=='))).toEqual([102]));
  test.each(['a+b/', 'ab cd', '=ab', 'ä'])('%s is refused', (text) => expect(() => fromBase64url(text)).toThrow());
});

describe('options in a browser without its own parsers', () => {
  test('for a new key', () => {
    const options = parseCreationOptions({
      rp: { id: 'localhost', name: 'Sallyport' },
      user: { id: 'AQI', name: 'alice', displayName: 'alice' },
      challenge: 'AAEC',
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      excludeCredentials: [{ type: 'public-key', id: '-_8', transports: ['usb'] }],
      timeout: 60000,
    });
    expect(list(options.challenge)).toEqual([0, 1, 2]);
    expect(list(options.user.id)).toEqual([1, 2]);
    expect(options.user.name).toBe('alice');
    expect(list(options.excludeCredentials![0]!.id)).toEqual([0xfb, 0xff]);
    expect(options.excludeCredentials![0]!.transports).toEqual(['usb']);
    expect(options.timeout).toBe(60000);
  });

  test('for a registered key', () => {
    const options = parseRequestOptions({ challenge: 'AAEC', allowCredentials: [{ type: 'public-key', id: 'AQ' }] });
    expect(list(options.challenge)).toEqual([0, 1, 2]);
    expect(list(options.allowCredentials![0]!.id)).toEqual([1]);
  });

  test('without a list of keys none is made up', () => {
    expect('allowCredentials' in parseRequestOptions({ challenge: 'AA' })).toBe(false);
  });
});

describe('credentials in a browser without toJSON', () => {
  const base = { id: 'AQ', rawId: bytes(1), type: 'public-key', authenticatorAttachment: 'cross-platform' };

  test('registration', () => {
    const response = { clientDataJSON: bytes(2), attestationObject: bytes(3), getTransports: () => ['usb', 'nfc'] };
    expect(registrationJSON({ ...base, response } as unknown as PublicKeyCredential)).toEqual({
      ...base,
      rawId: 'AQ',
      clientExtensionResults: {},
      response: { clientDataJSON: 'Ag', attestationObject: 'Aw', transports: ['usb', 'nfc'] },
    });
  });

  test('assertion, with and without a user handle', () => {
    const response = { clientDataJSON: bytes(2), authenticatorData: bytes(3), signature: bytes(4), userHandle: null };
    const json = (r: object) => authenticationJSON({ ...base, response: r } as unknown as PublicKeyCredential);
    expect(json(response).response).toEqual({ clientDataJSON: 'Ag', authenticatorData: 'Aw', signature: 'BA' });
    expect(json({ ...response, userHandle: bytes(5) }).response.userHandle).toBe('BQ');
  });
});

describe('the prompt', () => {
  test('a browser without WebAuthn is told in words', async () => {
    await expect(askKey({ publicKey: { challenge: 'AA' } })).rejects.toMatchObject({ code: 'NotSupported' });
  });

  test('what the browser throws becomes words', async () => {
    vi.stubGlobal('PublicKeyCredential', class {});
    const create = vi.fn().mockRejectedValue(new DOMException('', 'InvalidStateError'));
    vi.stubGlobal('navigator', { credentials: { create } });
    const publicKey = { rp: { name: 'x' }, user: { id: 'AQ', name: 'a', displayName: 'a' }, challenge: 'AA', pubKeyCredParams: [] };
    await expect(createKey({ publicKey })).rejects.toMatchObject({ code: 'AlreadyRegistered' });
  });

  test.each([
    ['NotAllowedError', 'NotAllowed'],
    ['AbortError', 'NotAllowed'],
    ['SecurityError', 'WrongOrigin'],
    ['ConstraintError', 'NotSupported'],
    ['UnknownError', 'Failed'],
  ])('%s is %s', (name, code) => expect(keyError(new DOMException('', name), 'get').code).toBe(code));
});
