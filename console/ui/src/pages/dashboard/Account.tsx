// Which account this is, and the address at which its users sign in.
import { ListAccountAliasesCommand } from '@aws-sdk/client-iam';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import Copy from '../../components/Copy';
import ErrorAlert from '../../components/ErrorAlert';
import { iam } from '../../lib/iam';
import { signInURL } from '../../lib/paths';
import { useAnswer } from '../../lib/requests';
import { useSession } from '../../lib/session';

export default function Account() {
  const { state } = useSession();
  const account = state.user?.account ?? '';
  const aliases = useAnswer(async () => (await iam.send(new ListAccountAliasesCommand({}))).AccountAliases ?? [], []);
  // The session knows the alias as it was at its last answer; the list knows it now.
  const alias = aliases.value ? (aliases.value[0] ?? '') : (state.user?.alias ?? '');
  const url = signInURL({ ...state, user: state.user && { ...state.user, alias } });

  return (
    <Container header={<Header variant="h2">Account</Header>}>
      <KeyValuePairs
        items={[
          { label: 'Account ID', value: <Copy name="account ID" value={account} shown={account} /> },
          {
            label: 'Account alias',
            value: aliases.error ? (
              <ErrorAlert error={aliases.error} />
            ) : (
              <>
                {alias || 'None'} · <Link href="/account">{alias ? 'Edit' : 'Create'}</Link>
              </>
            ),
          },
          { label: 'Sign-in URL for users of this account', value: <Copy name="sign-in URL" value={url} shown={url} /> },
        ]}
      />
    </Container>
  );
}
