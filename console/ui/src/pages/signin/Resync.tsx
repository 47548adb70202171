// Two consecutive codes bring a drifted device back into step, without signing in: another code must follow.
import { useRef, useState, type FormEvent } from 'react';
import { post } from '../../lib/console';
import type { SessionState } from '../../lib/session';
import type { Attempt } from './attempt';
import { Action, CodeField, digits } from './Field';

type Props = { attempt: Attempt; device: { serialNumber: string; name: string }; onDone: () => void };

export function Resync({ attempt, device, onDone }: Props) {
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const field = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const [code1, code2] = [digits(first), digits(second)];
    if (!code1 || !code2 || code1 === code2) {
      attempt.refuse('Enter two codes of 6 digits, one after the other as the device shows them.');
      field.current?.focus();
      return;
    }
    const body = { serialNumber: device.serialNumber, code1, code2 };
    const success = 'The device is in step again. Enter the next code that it shows.';
    if (await attempt.run(() => post<SessionState>('/console/signin/resync', body), success)) return onDone();
    setFirst('');
    setSecond('');
    field.current?.focus();
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <h1>Resynchronise “{device.name}”</h1>
      <CodeField
        label="MFA code 1"
        value={first}
        onChange={setFirst}
        inputRef={field}
        autoFocus
        hint="The 6 digits that the device shows now"
      />
      <CodeField
        label="MFA code 2"
        value={second}
        onChange={setSecond}
        hint="The next 6 digits: wait up to 30 seconds until they change"
      />
      <Action variant="primary" busy={attempt.busy}>
        Resync
      </Action>
      <Action
        variant="link"
        onClick={() => {
          attempt.clear();
          onDone();
        }}
      >
        Back to the MFA code
      </Action>
    </form>
  );
}
