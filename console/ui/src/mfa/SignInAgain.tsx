// Who has a device but signed in without it: the session counts as one without MFA until the next sign-in.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import type { ReactNode } from 'react';
import { useAction } from '../lib/requests';
import { useSignOut } from '../lib/signout';

export function SignInAgain() {
  const signOut = useSignOut();
  const { busy, run } = useAction();
  return (
    <Button formAction="none" loading={busy} onClick={() => void run(signOut)}>
      Sign out and in again
    </Button>
  );
}

/** The same as a notice of a page. */
export default function SignInAgainNotice({ children }: { children: ReactNode }) {
  return (
    <Alert type="info" header="This session is without MFA" action={<SignInAgain />}>
      {children}
    </Alert>
  );
}
