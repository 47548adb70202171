// Stands in place of a page whose subject does not exist: the server's words, and the way back.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { useNavigate } from 'react-router';
import { errorText } from '../lib/iam';

type Props = { /** NoSuchEntity. */ error: unknown; /** The address of the list. */ list: string };

export default function Missing({ error, list }: Props) {
  const navigate = useNavigate();
  return (
    <div role="alert">
      <Alert type="error" action={<Button onClick={() => void navigate(list)}>Back to the list</Button>}>
        {errorText(error).message}
      </Alert>
    </div>
  );
}
