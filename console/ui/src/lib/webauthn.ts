// Security keys and passkeys: the browser's prompt, with JSON on both sides of it (WebAuthn Level 3, section 5.1).

type CreationOptions = { publicKey: PublicKeyCredentialCreationOptionsJSON };
type RequestOptions = { publicKey: PublicKeyCredentialRequestOptionsJSON };

/** Why the prompt gave no credential, in words for the person before it. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  constructor(
    readonly code: 'NotSupported' | 'NotAllowed' | 'AlreadyRegistered' | 'WrongOrigin' | 'Failed',
    message: string,
  ) {
    super(message);
  }
}

/** Registers a key; the answer is what POST /console/security-keys takes as response. */
export async function createKey(options: CreationOptions): Promise<RegistrationResponseJSON> {
  const publicKey = parseCreationOptions(options.publicKey);
  const credential = await prompt(() => navigator.credentials.create({ publicKey }), 'create');
  return registrationJSON(credential);
}

/** Asks a registered key; the answer is what POST /console/signin/key takes as response. */
export async function useKey(options: RequestOptions): Promise<AuthenticationResponseJSON> {
  const publicKey = parseRequestOptions(options.publicKey);
  const credential = await prompt(() => navigator.credentials.get({ publicKey }), 'get');
  return authenticationJSON(credential);
}

async function prompt(ask: () => Promise<Credential | null>, purpose: 'create' | 'get'): Promise<PublicKeyCredential> {
  if (!window.PublicKeyCredential || !navigator.credentials) {
    throw new KeyError(
      'NotSupported',
      'This browser offers no passkeys or security keys here. They need a recent browser, and a page over https or at localhost.',
    );
  }
  let credential: Credential | null;
  try {
    credential = await ask();
  } catch (e) {
    throw keyError(e, purpose);
  }
  if (!credential) throw keyError(undefined, purpose);
  return credential as PublicKeyCredential;
}

/** Puts the browser's exception into words; the browser itself tells deliberately little. */
export function keyError(e: unknown, purpose: 'create' | 'get'): KeyError {
  switch (e instanceof Error || e instanceof DOMException ? e.name : '') {
    case 'NotAllowedError':
    case 'AbortError':
      return new KeyError(
        'NotAllowed',
        purpose === 'create'
          ? 'The prompt was cancelled, ran out of time, or the key did not allow it. Nothing was registered; try again.'
          : 'The prompt was cancelled, ran out of time, or no key registered for this user was found. Try again.',
      );
    case 'InvalidStateError':
      return new KeyError(
        'AlreadyRegistered',
        purpose === 'create'
          ? 'This passkey or security key is already registered for this user. Use another one.'
          : 'This passkey or security key is not registered for this user. Use another one.',
      );
    case 'SecurityError':
      return new KeyError(
        'WrongOrigin',
        'Security keys do not work at this address. Open the console at the address that it was set up for.',
      );
    case 'NotSupportedError':
    case 'ConstraintError':
      return new KeyError('NotSupported', 'This passkey or security key cannot do what is asked here. Use another one.');
    default:
      return new KeyError('Failed', 'The browser could not talk to the passkey or security key. Try again.');
  }
}

export function parseCreationOptions(json: PublicKeyCredentialCreationOptionsJSON): PublicKeyCredentialCreationOptions {
  if (typeof window.PublicKeyCredential?.parseCreationOptionsFromJSON === 'function') {
    return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  }
  const { challenge, user, excludeCredentials, ...rest } = json;
  return {
    ...rest,
    challenge: fromBase64url(challenge),
    user: { ...user, id: fromBase64url(user.id) },
    ...(excludeCredentials && { excludeCredentials: excludeCredentials.map(descriptor) }),
  } as PublicKeyCredentialCreationOptions;
}

export function parseRequestOptions(json: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  if (typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function') {
    return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  }
  const { challenge, allowCredentials, ...rest } = json;
  return {
    ...rest,
    challenge: fromBase64url(challenge),
    ...(allowCredentials && { allowCredentials: allowCredentials.map(descriptor) }),
  } as PublicKeyCredentialRequestOptions;
}

function descriptor(json: PublicKeyCredentialDescriptorJSON): PublicKeyCredentialDescriptor {
  return {
    type: 'public-key',
    id: fromBase64url(json.id),
    ...(json.transports && { transports: json.transports as AuthenticatorTransport[] }),
  };
}

export function registrationJSON(credential: PublicKeyCredential): RegistrationResponseJSON {
  if (typeof credential.toJSON === 'function') return credential.toJSON() as RegistrationResponseJSON;
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    ...common(credential),
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      attestationObject: toBase64url(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  } as RegistrationResponseJSON;
}

export function authenticationJSON(credential: PublicKeyCredential): AuthenticationResponseJSON {
  if (typeof credential.toJSON === 'function') return credential.toJSON() as AuthenticationResponseJSON;
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    ...common(credential),
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      authenticatorData: toBase64url(response.authenticatorData),
      signature: toBase64url(response.signature),
      ...(response.userHandle && { userHandle: toBase64url(response.userHandle) }),
    },
  };
}

function common(credential: PublicKeyCredential) {
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    ...(credential.authenticatorAttachment && { authenticatorAttachment: credential.authenticatorAttachment }),
  };
}

/** Base64url without padding (RFC 4648, section 5). */
export function toBase64url(bytes: ArrayBuffer): string {
  let binary = '';
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Takes base64url with or without padding; throws on anything else. */
export function fromBase64url(text: string): ArrayBuffer {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) throw new Error('not base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', ''));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0)).buffer;
}
