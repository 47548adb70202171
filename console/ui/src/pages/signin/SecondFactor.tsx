// The second factor: the code of an app or a token, or a key; another device for those who have several.
import { useRef, useState, type FormEvent } from 'react';
import { post } from '../../lib/console';
import { kindName } from '../../lib/format';
import { useSession, type SessionState } from '../../lib/session';
import { useKey as askKey } from '../../lib/webauthn';
import type { Attempt } from './attempt';
import { Action, CodeField, digits } from './Field';
import { Resync } from './Resync';

type Device = NonNullable<SessionState['devices']>[number];
type Props = { attempt: Attempt };

export function SecondFactor({ attempt }: Props) {
  const { state, set } = useSession();
  const devices = state.devices ?? [];
  const [chosen, setChosen] = useState<string>();
  const [resyncing, setResyncing] = useState(false);

  // Until a device is chosen there is a way in for each kind: any of the keys, and the first that has codes.
  const device = devices.find(({ serialNumber }) => serialNumber === chosen);
  const key = device ? device.kind === 'fido' : devices.some(({ kind }) => kind === 'fido');
  const coded = (device ? [device] : devices).find(({ kind }) => kind !== 'fido');

  const cancel = async () => {
    attempt.clear();
    const signedOut: SessionState = { step: 'signed-out', csrf: '', externalUrl: state.externalUrl };
    // When the server can't be told, the half-finished sign-in ends by itself within minutes.
    set(await post<SessionState>('/console/signout').catch(() => signedOut));
  };

  if (resyncing && coded) {
    return <Resync attempt={attempt} device={coded} onDone={() => setResyncing(false)} />;
  }
  return (
    <div className="forms">
      <h1>Multi-factor authentication</h1>
      {devices.length === 0 && <p>None of this user’s MFA devices can be used here. Ask your administrator.</p>}
      {chosen !== undefined && (
        <Chooser
          devices={devices}
          chosen={chosen}
          onChoose={(serialNumber) => {
            attempt.clear();
            setChosen(serialNumber);
          }}
        />
      )}
      {coded && <CodeForm key={coded.serialNumber} attempt={attempt} device={coded} />}
      {coded && key && <p className="or">or</p>}
      {key && <KeyForm attempt={attempt} primary={!coded} />}
      {coded && state.offerResync && (
        <div className="offer">
          <p>Is the code refused although you typed it as shown? The clock of the device may have drifted.</p>
          <Action
            onClick={() => {
              attempt.clear();
              setResyncing(true);
            }}
          >
            Resynchronise the device
          </Action>
        </div>
      )}
      {devices.length > 1 && chosen === undefined && (
        <Action variant="link" onClick={() => setChosen((coded ?? devices[0])!.serialNumber)}>
          Use another MFA device
        </Action>
      )}
      <p className="hint">
        Lost your device?{' '}
        {state.user?.kind === 'root' ? 'Run “sallyport root reset-mfa” on the server.' : 'An administrator can remove it.'}
      </p>
      <Action variant="link" onClick={() => void cancel()}>
        Cancel and go back to sign in
      </Action>
    </div>
  );
}

type ChooserProps = { devices: Device[]; chosen: string; onChoose: (serialNumber: string) => void };

function Chooser({ devices, chosen, onChoose }: ChooserProps) {
  return (
    <fieldset>
      <legend>Choose an MFA device</legend>
      {devices.map(({ serialNumber, kind, name }) => (
        <label key={serialNumber}>
          <input
            type="radio"
            name="device"
            checked={serialNumber === chosen}
            autoFocus={serialNumber === chosen}
            onChange={() => onChoose(serialNumber)}
          />
          <span>
            {kindName(kind)} <small>{name}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function CodeForm({ attempt, device }: Props & { device: Device }) {
  const [code, setCode] = useState('');
  const [refused, setRefused] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const bare = digits(code);
    if (!bare) {
      attempt.refuse('An MFA code has 6 digits.');
      field.current?.focus();
      return;
    }
    const body = { serialNumber: device.serialNumber, code: bare };
    if (await attempt.run(() => post<SessionState>('/console/signin/code', body))) return;
    setCode('');
    setRefused(true);
    field.current?.focus();
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <CodeField
        label="MFA code"
        value={code}
        onChange={setCode}
        inputRef={field}
        autoFocus
        hint={`The 6 digits that your ${device.kind === 'hardware' ? 'hardware token' : 'authenticator app'} “${device.name}” shows now.${
          refused ? ' Each code is good once; wait for the next one.' : ''
        }`}
      />
      <Action variant="primary" busy={attempt.busy}>
        Submit
      </Action>
    </form>
  );
}

function KeyForm({ attempt, primary }: Props & { primary: boolean }) {
  const press = async () => {
    await attempt.run(async () => {
      const { options } = await post<{ options: Parameters<typeof askKey>[0] }>('/console/signin/key/begin');
      const response = await askKey(options);
      return post<SessionState>('/console/signin/key', { response });
    });
  };
  return (
    <div className="key">
      <p className="hint">Your browser will ask for your passkey, or to touch your security key.</p>
      <Action variant={primary ? 'primary' : 'normal'} busy={attempt.busy} onClick={() => void press()}>
        Use passkey
      </Action>
    </div>
  );
}
