// Calls the console's own JSON endpoints: sign-in, sessions, security keys, and what the wire has no operation for.
import { announceSignedOut, csrfToken, meansSignedOut } from './token';

/** An error answer of the console's endpoints, or NetworkError when there was no answer. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  constructor(
    readonly code: string,
    message: string,
    /** The HTTP status; 0 when the server couldn't be reached. */
    readonly status: number,
    /** Seconds to wait before the next try. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** POST /console/operations/NAME. */
export function call<T>(operation: string, input: object = {}): Promise<T> {
  return post<T>(`/console/operations/${operation}`, input);
}

export function post<T>(path: string, body: object = {}): Promise<T> {
  return request<T>(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Csrf-Token': csrfToken() },
    body: JSON.stringify(body),
  });
}

export function get<T>(path: string): Promise<T> {
  return request<T>(path, { method: 'GET' });
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new ConsoleError('NetworkError', 'The server could not be reached. Check the connection, then try again.', 0);
  }
  const document: unknown = await response.json().catch(() => undefined);
  if (response.ok && document !== undefined) return document as T;
  const error = consoleError(response.status, document);
  if (meansSignedOut(error.status, error.code) && !path.startsWith('/console/signin/')) announceSignedOut();
  throw error;
}

function consoleError(status: number, document: unknown): ConsoleError {
  const fields = typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : {};
  const text = (value: unknown, otherwise: string) => (typeof value === 'string' && value !== '' ? value : otherwise);
  return new ConsoleError(
    text(fields.code, 'UnexpectedAnswer'),
    text(fields.message, `The server gave an answer that the console does not understand (status ${status}).`),
    status,
    typeof fields.retryAfter === 'number' ? fields.retryAfter : undefined,
  );
}
