// Gives a user a console password, new or instead of the old one, and shows it once.
import Alert from '@cloudscape-design/components/alert';
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import Dialog from '../../components/Dialog';
import ResultDialog from '../../components/ResultDialog';
import { useAction } from '../../lib/requests';
import ConsoleCredentials from '../../users/ConsoleCredentials';
import PasswordChoice, { chosenPassword, firstChoice, usePasswordCheck } from '../../users/PasswordChoice';

type Props = {
  userName: string;
  title: string;
  submit: (password: string, reset: boolean, attachChangePassword: boolean) => Promise<void>;
  /** done: a password was set. */
  onClose: (done: boolean) => void;
};

export default function SetPassword({ userName, title, submit, onClose }: Props) {
  const { busy, error, run } = useAction();
  const [choice, setChoice] = useState(firstChoice);
  const [attach, setAttach] = useState(true);
  const [tried, setTried] = useState(false);
  const [password, setPassword] = useState<string>();
  const check = usePasswordCheck();

  const set = () => {
    setTried(true);
    if (check.problem(choice) !== undefined) return;
    void run(async () => {
      const chosen = await chosenPassword(choice);
      await submit(chosen, choice.reset, choice.reset && attach);
      setPassword(chosen);
    });
  };

  if (password !== undefined) {
    return (
      <ResultDialog title="Console password" onClose={() => onClose(true)}>
        <Alert type="warning">This is the only time that the password can be viewed or downloaded.</Alert>
        <ConsoleCredentials userName={userName} password={password} />
      </ResultDialog>
    );
  }
  return (
    <Dialog title={title} submitLabel="Apply" busy={busy} error={error} onSubmit={set} onDismiss={() => onClose(false)}>
      <PasswordChoice value={choice} onChange={setChoice} check={check} tried={tried} />
      {choice.reset && (
        <Checkbox checked={attach} onChange={({ detail }) => setAttach(detail.checked)}>
          Attach the policy IAMUserChangePassword
        </Checkbox>
      )}
    </Dialog>
  );
}
