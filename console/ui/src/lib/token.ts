// The CSRF token and the notice "signed out", shared by both clients and the session and free of React.

let token = '';
const listeners = new Set<() => void>();

/** The token that goes with every POST as X-Csrf-Token; '' while signed out. */
export function csrfToken(): string {
  return token;
}

/** Called by the session alone, with every state it takes from the server. */
export function setCsrfToken(value: string): void {
  token = value;
}

/** A client tells that the server no longer knows the session. */
export function announceSignedOut(): void {
  for (const listener of listeners) listener();
}

/** Registers a listener for the notice; the answer takes it away again. */
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Says whether an answer means that the session is over, and not that a policy denied the action. */
export function meansSignedOut(status: number, code: string): boolean {
  return status === 401 || (status === 403 && (code === 'ExpiredToken' || code === 'MissingAuthenticationToken'));
}
