// The first factor: an IAM user's account, name and password on one page; root's e-mail and password on two.
import { useRef, useState, type FormEvent } from 'react';
import { post } from '../../lib/console';
import { usePreference } from '../../lib/preferences';
import type { SessionState } from '../../lib/session';
import type { Attempt } from './attempt';
import { Action, Field } from './Field';

type Props = { attempt: Attempt };

export function Password({ attempt }: Props) {
  const [root, setRoot] = useState(false);
  const change = (to: boolean) => {
    attempt.clear();
    setRoot(to);
  };
  return root ? (
    <RootForm attempt={attempt} onUser={() => change(false)} />
  ) : (
    <UserForm attempt={attempt} onRoot={() => change(true)} />
  );
}

/** The account that /signin/ACCOUNT-OR-ALIAS names, if this is such an address. */
export function accountInPath(pathname: string): string {
  const encoded = /^\/signin\/([^/]+)\/?$/.exec(pathname)?.[1] ?? '';
  try {
    return decodeURIComponent(encoded);
  } catch {
    return '';
  }
}

function UserForm({ attempt, onRoot }: Props & { onRoot: () => void }) {
  const [lastAccount, keepAccount] = usePreference('account', '');
  const [account, setAccount] = useState(() => accountInPath(location.pathname) || lastAccount);
  const [userName, setUserName] = useState('');
  const [password, setPassword] = useState('');
  const field = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const body = { account: account.trim(), userName: userName.trim(), password };
    const done = attempt.run(() => post<SessionState>('/console/signin/password', body));
    if (await done) return keepAccount(body.account);
    setPassword('');
    field.current?.focus();
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <h1>Sign in as an IAM user</h1>
      <Field
        label="Account ID or alias"
        value={account}
        onChange={setAccount}
        autoComplete="off"
        autoFocus={account === ''}
        hint="12 digits, or the name your administrator gave the account"
      />
      <Field
        label="IAM username"
        value={userName}
        onChange={setUserName}
        autoComplete="username"
        autoFocus={account !== ''}
      />
      <Field
        label="Password"
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        inputRef={field}
      />
      <Action variant="primary" busy={attempt.busy}>
        Sign in
      </Action>
      <p className="or">or</p>
      <Action onClick={onRoot}>Sign in using root user email</Action>
    </form>
  );
}

function RootForm({ attempt, onUser }: Props & { onUser: () => void }) {
  const [email, setEmail] = useState('');
  const [asked, setAsked] = useState(false);
  const [password, setPassword] = useState('');
  const field = useRef<HTMLInputElement>(null);

  const next = (event: FormEvent) => {
    event.preventDefault();
    attempt.clear();
    setEmail(email.trim());
    setAsked(true);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await attempt.run(() => post<SessionState>('/console/signin/password', { email, password }))) return;
    setPassword('');
    field.current?.focus();
  };
  const back = () => {
    attempt.clear();
    setPassword('');
    setAsked(false);
  };

  return asked ? (
    <form key="password" onSubmit={(event) => void submit(event)}>
      <h1>Root user sign in</h1>
      <p className="who">{email}</p>
      {/* Password managers look for the name beside the password. */}
      <input type="email" value={email} autoComplete="username" readOnly hidden />
      <Field
        label="Password"
        type="password"
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
        inputRef={field}
        autoFocus
      />
      <Action variant="primary" busy={attempt.busy}>
        Sign in
      </Action>
      <Action variant="link" onClick={back}>
        Use a different email address
      </Action>
    </form>
  ) : (
    <form key="email" onSubmit={next}>
      <h1>Root user sign in</h1>
      <Field
        label="Root user email address"
        type="email"
        value={email}
        onChange={setEmail}
        autoComplete="username"
        autoFocus
      />
      <Action variant="primary">Next</Action>
      <p className="or">or</p>
      <Action onClick={onUser}>Use an IAM user instead</Action>
    </form>
  );
}
