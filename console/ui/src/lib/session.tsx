// Who is signed in, as the server tells it; the only place in the app that holds it.
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { get } from './console';
import { onSignedOut, setCsrfToken } from './token';

export type DeviceKind = 'virtual' | 'hardware' | 'fido';

/** What GET /console/session and every step of the sign-in answer. */
export type SessionState = {
  step: 'signed-out' | 'mfa' | 'new-password' | 'signed-in';
  /** '' while signed out. */
  csrf: string;
  /** Where security keys work. */
  externalUrl: string;
  user?: {
    account: string;
    alias: string;
    kind: 'root' | 'user';
    /** '' for root. */
    name: string;
    /** Root's only. */
    email: string;
    arn: string;
  };
  /** At step mfa. */
  devices?: { serialNumber: string; kind: DeviceKind; name: string }[];
  /** At step mfa, after repeated wrong codes. */
  offerResync?: boolean;
  /** Signed in with a second factor. */
  mfa?: boolean;
  sessionId?: string;
  /** RFC 3339. */
  expires?: string;
};

type Session = {
  state: SessionState;
  set(s: SessionState): void;
  reload(): Promise<void>;
  /** Signed out by the server and not by the user, who deserves a word about it. */
  ended: boolean;
};

const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession outside of SessionProvider');
  return session;
}

type Props = {
  children: ReactNode;
  /** Shown until the server has told the state. */
  waiting?: ReactNode;
  /** Shown when the state can't be had. */
  failed: (error: unknown, retry: () => void) => ReactNode;
};

export function SessionProvider({ children, waiting = null, failed }: Props) {
  const [state, setState] = useState<SessionState>();
  const [error, setError] = useState<unknown>();
  const [ended, setEnded] = useState(false);

  const turn = useRef(0); // what the server answered to an earlier question must not replace what it answered since

  const set = useCallback((next: SessionState) => {
    turn.current++;
    setCsrfToken(next.csrf);
    setState(next);
    setError(undefined);
    setEnded(false);
  }, []);

  const step = useRef<SessionState['step']>(undefined);
  step.current = state?.step;

  const reload = useCallback(async () => {
    const mine = ++turn.current;
    try {
      const before = step.current;
      const next = await get<SessionState>('/console/session');
      if (mine !== turn.current) return;
      set(next);
      if (before === 'signed-in' && next.step !== 'signed-in') setEnded(true);
    } catch (e) {
      if (mine === turn.current) setError(e);
    }
  }, [set]);

  useEffect(() => {
    void reload();
    let asking = false; // many calls of one page may hear at once that the session is over
    return onSignedOut(() => {
      if (asking) return;
      asking = true;
      void reload().finally(() => (asking = false));
    });
  }, [reload]);

  useEffect(() => {
    // Meanwhile another tab may have signed out, or in as somebody else: the cookie is one for all tabs.
    const seen = () => {
      if (document.visibilityState === 'visible') void reload();
    };
    document.addEventListener('visibilitychange', seen);
    return () => document.removeEventListener('visibilitychange', seen);
  }, [reload]);

  const session = useMemo(() => state && { state, set, reload, ended }, [state, set, reload, ended]);
  if (session) return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
  return error === undefined ? waiting : failed(error, () => void reload());
}
