// Ends the session: the menu's way out, and the way to a session with MFA for who has a device now.
import { useCallback } from 'react';
import { post } from './console';
import { useFlash } from './flash';
import { errorText } from './iam';
import { useSession, type SessionState } from './session';

/** The address stays, so that who signs in again is back where they were, unless leave goes elsewhere before. */
export function useSignOut(leave?: () => void): () => Promise<void> {
  const { set } = useSession();
  const flash = useFlash();
  return useCallback(async () => {
    try {
      const next = await post<SessionState>('/console/signout');
      leave?.();
      set(next);
    } catch (e) {
      flash({ type: 'error', content: `You are still signed in: ${errorText(e).message}` });
    }
  }, [set, flash, leave]);
}
