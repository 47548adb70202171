// Writes an inline policy, new or changed.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useEffect, useState } from 'react';
import Dialog from '../components/Dialog';
import ErrorAlert from '../components/ErrorAlert';
import Loading from '../components/Loading';
import { hasCode } from '../lib/iam';
import { nameProblem } from '../lib/names';
import { useAction, useAnswer } from '../lib/requests';
import { emptyPolicy } from './document';
import PolicyEditor from './PolicyEditor';
import type { PolicyOwner } from './policyOwner';

type Props = {
  owner: PolicyOwner;
  /** The policy to change; undefined: a new one. */
  policy?: string;
  onClose: (changed: boolean) => void;
};

export default function InlinePolicyDialog({ owner, policy, onClose }: Props) {
  const before = useAnswer(async () => (policy === undefined ? emptyPolicy : owner.document(policy)), [owner.name, policy]);
  const [name, setName] = useState(policy ?? '');
  const [text, setText] = useState('');
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();
  useEffect(() => {
    if (before.value !== undefined) setText(before.value);
  }, [before.value]);

  const problem = policy === undefined ? nameProblem(name, 128) : undefined;
  const submit = async () => {
    setTried(true);
    if (problem === undefined && (await run(() => owner.put(name, text)))) onClose(true);
  };
  // The editor shows what is wrong with the document, at its line.
  const malformed = hasCode(error, 'MalformedPolicyDocument');
  return (
    <Dialog
      size="large"
      title={policy === undefined ? `Create inline policy for ${owner.name}` : `Edit inline policy ${policy}`}
      submitLabel={policy === undefined ? 'Create policy' : 'Save changes'}
      disabled={before.value === undefined}
      busy={busy}
      error={malformed ? undefined : error}
      onSubmit={() => void submit()}
      onDismiss={() => onClose(false)}
    >
      {policy === undefined && (
        <FormField label="Policy name" errorText={tried ? problem : undefined}>
          <Input value={name} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
      )}
      <ErrorAlert error={before.error} />
      {before.loading && <Loading>Loading the policy</Loading>}
      {before.value !== undefined && <PolicyEditor value={text} onChange={setText} error={malformed ? error : undefined} />}
    </Dialog>
  );
}
