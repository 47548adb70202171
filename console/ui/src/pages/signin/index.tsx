// Sign-in: the forms of each step in one frame. It loads neither the shell, nor the IAM client, nor Cloudscape.
import { useEffect } from 'react';
import WrongAddress from '../../components/WrongAddress';
import { wrongOrigin } from '../../lib/origin';
import { useSession } from '../../lib/session';
import { useAttempt } from './attempt';
import { NewPassword } from './NewPassword';
import { Password } from './Password';
import { SecondFactor } from './SecondFactor';
import './signin.css';

const titles = {
  'signed-out': 'Sign in',
  mfa: 'Multi-factor authentication',
  'new-password': 'Change your password',
  'signed-in': 'Sign in',
};

export default function SignIn() {
  const { state, ended } = useSession();
  const attempt = useAttempt();
  const elsewhere = wrongOrigin(state.externalUrl);

  useEffect(() => {
    document.title = `${titles[state.step]} | Sallyport`;
  }, [state.step]);

  return (
    <div className="signin">
      <header>
        <img src="/favicon.svg" alt="" width="32" height="32" />
        <span>Sallyport</span>
        <small>management console</small>
      </header>
      <main>
        {elsewhere && (
          <p className="message warning">
            <WrongAddress at={elsewhere} />
          </p>
        )}
        {/* The region is there before its text, or screen readers would not announce it. */}
        <div role="alert" aria-live="assertive">
          {attempt.message && (
            <p key={attempt.message.number} className={`message ${attempt.message.type}`}>
              {attempt.message.text}
            </p>
          )}
          {ended && !attempt.message && (
            <p className="message warning">Your session has ended. Sign in again to go on where you were.</p>
          )}
        </div>
        {state.step === 'signed-out' && <Password attempt={attempt} />}
        {state.step === 'mfa' && <SecondFactor attempt={attempt} />}
        {state.step === 'new-password' && <NewPassword attempt={attempt} />}
      </main>
    </div>
  );
}
