// The change of password that an administrator asked for, or the password's age, before the session is whole.
import { useRef, useState, type FormEvent } from 'react';
import { post } from '../../lib/console';
import { useSession, type SessionState } from '../../lib/session';
import type { Attempt } from './attempt';
import { Action, Field } from './Field';

export function NewPassword({ attempt }: { attempt: Attempt }) {
  const { state } = useSession();
  const [oldPassword, setOldPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [again, setAgain] = useState('');
  const confirm = useRef<HTMLInputElement>(null);
  const fresh = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (newPassword !== again) {
      attempt.refuse('The new password and its confirmation differ.');
      setAgain('');
      confirm.current?.focus();
      return;
    }
    const body = { oldPassword, newPassword };
    if (await attempt.run(() => post<SessionState>('/console/signin/new-password', body))) return;
    fresh.current?.focus();
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <h1>Change your password</h1>
      <p>You must choose a new password before you can go on.</p>
      {state.user && <input type="text" value={state.user.name} autoComplete="username" readOnly hidden />}
      <Field
        label="Old password"
        type="password"
        value={oldPassword}
        onChange={setOldPassword}
        autoComplete="current-password"
        autoFocus
      />
      <Field
        label="New password"
        type="password"
        value={newPassword}
        onChange={setNewPassword}
        autoComplete="new-password"
        inputRef={fresh}
      />
      <Field
        label="Confirm password"
        type="password"
        value={again}
        onChange={setAgain}
        autoComplete="new-password"
        inputRef={confirm}
      />
      <Action variant="primary" busy={attempt.busy}>
        Confirm password change
      </Action>
    </form>
  );
}
