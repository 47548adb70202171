// Creates an access key and shows its secret, once.
import { CreateAccessKeyCommand, type AccessKey } from '@aws-sdk/client-iam';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import { useState } from 'react';
import Copy from '../components/Copy';
import Dialog from '../components/Dialog';
import ResultDialog from '../components/ResultDialog';
import Secret from '../components/Secret';
import { csv } from '../lib/csv';
import { downloadCSV } from '../lib/download';
import { iam } from '../lib/iam';
import { useAction } from '../lib/requests';

type Props = {
  userName: string | undefined;
  root: boolean;
  /** A key was made; the dialogue still shows it. */
  onCreated: () => void;
  onClose: () => void;
};

export default function CreateAccessKey({ userName, root, onCreated, onClose }: Props) {
  const { busy, error, run } = useAction();
  const [key, setKey] = useState<AccessKey>();
  const create = () =>
    run(async () => {
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: userName }));
      setKey(AccessKey);
      onCreated();
    });
  if (key) return <Created accessKey={key} onClose={onClose} />;
  return (
    <Dialog
      title="Create access key"
      submitLabel="Create access key"
      busy={busy}
      error={error}
      onSubmit={() => void create()}
      onDismiss={onClose}
    >
      <Box>An access key is for programs and the command line. Whoever has it acts as this user, until it is deactivated.</Box>
      {root && (
        <Alert type="warning" header="Keys of the root user are not recommended">
          They may do everything, and no policy limits them. Create a user for the work instead.
        </Alert>
      )}
    </Dialog>
  );
}

function Created({ accessKey, onClose }: { accessKey: AccessKey; onClose: () => void }) {
  const { AccessKeyId: id = '', SecretAccessKey: secret = '' } = accessKey;
  const save = () =>
    downloadCSV(
      `${id}_accessKeys.csv`,
      csv([
        ['Access key ID', 'Secret access key'],
        [id, secret],
      ]),
    );
  return (
    <ResultDialog
      title="Retrieve access key"
      onClose={onClose}
      actions={
        <Button iconName="download" onClick={save}>
          Download .csv file
        </Button>
      }
    >
      <Alert type="warning">This is the only time that the secret access key can be viewed or downloaded.</Alert>
      <KeyValuePairs
        columns={1}
        items={[
          { label: 'Access key ID', value: <Copy name="access key ID" value={id} shown={id} /> },
          { label: 'Secret access key', value: <Secret name="secret access key" value={secret} /> },
        ]}
      />
    </ResultDialog>
  );
}
