// The IAM wire as every SDK speaks it, with the session cookie and the CSRF token in place of a signature.
import { IAMClient } from '@aws-sdk/client-iam';
import { ConsoleError } from './console';
import { announceSignedOut, csrfToken, meansSignedOut } from './token';

const cookieAuth = 'smithy.api#noAuth';

export const iam: IAMClient = new IAMClient({
  endpoint: location.origin,
  region: 'us-east-1',
  // An answer that came late must not make the same change twice behind the user's back.
  maxAttempts: 1,
  httpAuthSchemeProvider: () => [{ schemeId: cookieAuth }],
  httpAuthSchemes: [
    {
      schemeId: cookieAuth,
      identityProvider: () => async () => ({}),
      signer: {
        sign: async (request) => {
          request.headers['x-csrf-token'] = csrfToken();
          return request;
        },
      },
    },
  ],
});

iam.middlewareStack.add(
  (next) => async (args) => {
    try {
      return await next(args);
    } catch (error) {
      const { code, status } = serviceError(error);
      if (meansSignedOut(status, code)) announceSignedOut();
      throw error;
    }
  },
  { step: 'initialize', name: 'announceSignedOut' },
);

/** The code and the message of whatever a call threw, as the server gave them where it did. */
export function errorText(e: unknown): { code: string; message: string } {
  if (e instanceof ConsoleError) return { code: e.code, message: e.message };
  const { code, message, status } = serviceError(e);
  if (status !== 0) return { code, message };
  if (e instanceof TypeError || code === 'TimeoutError') {
    return {
      code: 'NetworkError',
      message: 'The server could not be reached. Check the connection, then try again.',
    };
  }
  return { code: code || 'Error', message: message || String(e) };
}

/** An error in one line, for lists of what failed: "AccessDenied: User … is not authorized …". */
export function errorLine(e: unknown): string {
  const { code, message } = errorText(e);
  return `${code}: ${message}`;
}

export function hasCode(e: unknown, code: string): boolean {
  return e !== undefined && errorText(e).code === code;
}

function serviceError(e: unknown): { code: string; message: string; status: number } {
  if (!(e instanceof Error)) return { code: '', message: '', status: 0 };
  const metadata = '$metadata' in e ? (e.$metadata as { httpStatusCode?: number }) : {};
  // Code is what the wire said; where it is missing, the SDK's name for a modelled error has "Exception" added to it.
  const code = 'Code' in e && typeof e.Code === 'string' ? e.Code : e.name.replace(/Exception$/, '');
  return { code, message: e.message, status: metadata.httpStatusCode ?? 0 };
}
