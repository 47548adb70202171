// The account's alias: a name that stands for the account ID in the sign-in URL.
import { CreateAccountAliasCommand, DeleteAccountAliasCommand, ListAccountAliasesCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import Copy from '../../components/Copy';
import Dialog from '../../components/Dialog';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { signInURL } from '../../lib/paths';
import { useAction, useAnswer } from '../../lib/requests';
import { useSession } from '../../lib/session';
import { aliasProblem } from './aliasForm';

export default function Alias() {
  const { state, reload } = useSession();
  const flash = useFlash();
  const [open, setOpen] = useState<'edit' | 'delete'>();
  const [draft, setDraft] = useState('');
  const [tried, setTried] = useState(false);
  const problem = aliasProblem(draft);
  const { busy, error, run, clear } = useAction();
  const stored = useAnswer(async () => (await iam.send(new ListAccountAliasesCommand({}))).AccountAliases?.[0] ?? '', []);
  const alias = stored.value ?? '';
  const urlWith = (name: string) => signInURL({ ...state, user: state.user && { ...state.user, alias: name } });

  const close = () => {
    setOpen(undefined);
    clear();
  };
  const work = (content: string, what: () => Promise<unknown>) =>
    run(async () => {
      await what();
      close();
      flash({ type: 'success', content });
      stored.reload();
      await reload(); // the session carries the alias, in the menu and in sign-in URLs
    });
  const save = () => work(`The account alias is ${draft} now.`, () => iam.send(new CreateAccountAliasCommand({ AccountAlias: draft })));
  const remove = () => work('The account alias was deleted.', () => iam.send(new DeleteAccountAliasCommand({ AccountAlias: alias })));

  return (
    <Container
      header={
        <Header
          variant="h2"
          description="A name for this account that users can sign in with in place of its ID."
          actions={
            stored.value !== undefined && (
              <SpaceBetween direction="horizontal" size="xs">
                {alias && <Button onClick={() => setOpen('delete')}>Delete alias</Button>}
                <Button
                  onClick={() => {
                    setDraft(alias);
                    setTried(false);
                    setOpen('edit');
                  }}
                >
                  {alias ? 'Change alias' : 'Create alias'}
                </Button>
              </SpaceBetween>
            )
          }
        >
          Account alias
        </Header>
      }
    >
      <ErrorAlert error={stored.error} />
      {stored.value === undefined && stored.loading && <Loading />}
      {stored.value !== undefined && (
        <KeyValuePairs
          columns={2}
          items={[
            { label: 'Account alias', value: alias || 'None' },
            { label: 'Sign-in URL', value: <Copy name="sign-in URL" value={urlWith(alias)} shown={urlWith(alias)} /> },
          ]}
        />
      )}
      {open === 'edit' && (
        <Dialog
          title={alias ? 'Change the account alias' : 'Create an account alias'}
          submitLabel="Save"
          disabled={draft === '' || draft === alias}
          busy={busy}
          error={error}
          onSubmit={() => (problem === undefined ? void save() : setTried(true))}
          onDismiss={close}
        >
          <FormField
            label="Preferred alias"
            constraintText="3 to 63 characters: lower-case letters, digits and single hyphens. It must be unique on this server."
            errorText={tried ? problem : undefined}
          >
            <Input value={draft} autoComplete={false} onChange={({ detail }) => setDraft(detail.value)} />
          </FormField>
          {problem === undefined && <div>New sign-in URL: {urlWith(draft)}</div>}
          {alias && <div>The URL with the old alias stops working at once; the one with the account ID always works.</div>}
        </Dialog>
      )}
      {open === 'delete' && (
        <Confirm
          title={`Delete the account alias ${alias}?`}
          confirmLabel="Delete"
          busy={busy}
          error={error}
          onConfirm={() => void remove()}
          onDismiss={close}
        >
          Users then sign in at {urlWith('')}. Another account can take the alias.
        </Confirm>
      )}
    </Container>
  );
}
