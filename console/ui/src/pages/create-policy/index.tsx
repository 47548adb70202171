// Creates a managed policy from its JSON; what the server finds wrong is shown at its line.
import { CreatePolicyCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import Page from '../../components/Page';
import { useFlash } from '../../lib/flash';
import { iam } from '../../lib/iam';
import { policyPath } from '../../lib/paths';
import { useAction } from '../../lib/requests';
import { emptyPolicy, managedPolicyLimit } from '../../policies/document';
import PolicyEditor from '../../policies/PolicyEditor';

export default function CreatePolicy() {
  const navigate = useNavigate();
  const flash = useFlash();
  const { busy, error, run } = useAction();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [document, setDocument] = useState(emptyPolicy);

  const create = () =>
    run(async () => {
      const input = { PolicyName: name, Description: description || undefined, PolicyDocument: document };
      const { Policy } = await iam.send(new CreatePolicyCommand(input));
      flash({ type: 'success', content: `Policy ${name} was created.` });
      void navigate(policyPath(Policy?.Arn ?? ''));
    });

  return (
    <Page title="Create policy" breadcrumbs={[{ text: 'Policies', href: '/policies' }]}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name) void create();
        }}
      >
        <Form
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" formAction="none" onClick={() => void navigate('/policies')}>
                Cancel
              </Button>
              <Button variant="primary" loading={busy} disabled={!name}>
                Create policy
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="l">
            <Container header={<Header variant="h2">Policy details</Header>}>
              <SpaceBetween size="m">
                <FormField label="Policy name" constraintText="At most 128 letters, digits and any of + = , . @ - _.">
                  <Input value={name} autoComplete={false} onChange={({ detail }) => setName(detail.value)} />
                </FormField>
                <FormField label="Description (optional)" constraintText="It cannot be changed later.">
                  <Input value={description} autoComplete={false} onChange={({ detail }) => setDescription(detail.value)} />
                </FormField>
              </SpaceBetween>
            </Container>
            <Container header={<Header variant="h2">Permissions</Header>}>
              <PolicyEditor value={document} onChange={setDocument} error={error} limit={managedPolicyLimit} />
            </Container>
          </SpaceBetween>
        </Form>
      </form>
    </Page>
  );
}
