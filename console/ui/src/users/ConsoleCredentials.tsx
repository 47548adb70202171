// The sign-in URL, name and password to hand to a user: shown once, kept in memory only.
import Button from '@cloudscape-design/components/button';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Copy from '../components/Copy';
import Secret from '../components/Secret';
import { csv } from '../lib/csv';
import { downloadCSV } from '../lib/download';
import { signInURL } from '../lib/paths';
import { useSession } from '../lib/session';

export default function ConsoleCredentials({ userName, password }: { userName: string; password: string }) {
  const url = signInURL(useSession().state);
  const save = () =>
    downloadCSV(
      `${userName}_credentials.csv`,
      csv([
        ['User name', 'Password', 'Console sign-in URL'],
        [userName, password, url],
      ]),
    );
  return (
    <SpaceBetween size="m">
      <KeyValuePairs
        columns={1}
        items={[
          { label: 'Console sign-in URL', value: <Copy name="console sign-in URL" value={url} shown={url} /> },
          { label: 'User name', value: <Copy name="user name" value={userName} shown={userName} /> },
          { label: 'Password', value: <Secret name="password" value={password} /> },
        ]}
      />
      <Button iconName="download" onClick={save}>
        Download .csv file
      </Button>
    </SpaceBetween>
  );
}
