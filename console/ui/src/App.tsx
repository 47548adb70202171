// Chooses between the two halves of the app: sign-in until the session is whole, then the shell with its pages.
// The address stays as it is meanwhile, so whoever signs in lands on the page they asked for.
import { lazy, Suspense } from 'react';
import { useMode } from './lib/mode';
import { SessionProvider, useSession } from './lib/session';
import { SignIn } from './routes';
import { ErrorBoundary, Failure } from './shell/ErrorBoundary';

const Shell = lazy(() => import('./shell'));

export default function App() {
  useMode();
  return (
    <ErrorBoundary>
      <SessionProvider failed={(error, retry) => <Failure error={error} retry={retry} />}>
        <Half />
      </SessionProvider>
    </ErrorBoundary>
  );
}

function Half() {
  const { state } = useSession();
  return (
    <Suspense>
      {/* The key drops everything shown to one user before another one sees the shell. */}
      {state.step === 'signed-in' ? <Shell key={state.sessionId ?? state.user?.arn} /> : <SignIn />}
    </Suspense>
  );
}
