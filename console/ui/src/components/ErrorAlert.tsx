// An error in place: the code and the words of the server, announced to screen readers.
import Alert from '@cloudscape-design/components/alert';
import { errorText } from '../lib/iam';

export default function ErrorAlert({ error }: { error: unknown }) {
  if (error === undefined || error === null || error === false) return null;
  const { code, message } = errorText(error);
  return (
    <div role="alert">
      <Alert type="error" header={code}>
        {message}
      </Alert>
    </div>
  );
}
