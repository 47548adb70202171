// One managed policy: its JSON, its versions, what it is attached to, its tags.
import {
  DeletePolicyCommand,
  GetPolicyCommand,
  ListPolicyTagsCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
  type Policy as WirePolicy,
} from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import Copy from '../../components/Copy';
import ErrorAlert from '../../components/ErrorAlert';
import KeyValues from '../../components/KeyValues';
import Loading from '../../components/Loading';
import Page from '../../components/Page';
import DeleteDialog from '../../deletion/DeleteDialog';
import { useFlash } from '../../lib/flash';
import { dateTime } from '../../lib/format';
import { iam } from '../../lib/iam';
import { all } from '../../lib/paging';
import { useAnswer } from '../../lib/requests';
import { isProvided, policyType } from '../../policies/names';
import Tags from '../../tags/Tags';
import Document from './Document';
import Entities, { entityStage } from './Entities';
import Versions, { versionStage } from './Versions';

export default function Policy() {
  const arn = useSearchParams()[0].get('arn') ?? '';
  const navigate = useNavigate();
  const flash = useFlash();
  const [deleting, setDeleting] = useState(false);
  const policy = useAnswer(async () => (await iam.send(new GetPolicyCommand({ PolicyArn: arn }))).Policy ?? {}, [arn]);
  const name = policy.value?.PolicyName ?? arn.slice(arn.lastIndexOf('/') + 1);

  return (
    <Page
      title={name}
      breadcrumbs={[{ text: 'Policies', href: '/policies' }]}
      actions={!isProvided(arn) && <Button onClick={() => setDeleting(true)}>Delete</Button>}
    >
      <ErrorAlert error={policy.error} />
      {!policy.value && policy.loading && <Loading />}
      {policy.value && <Loaded key={arn} arn={arn} policy={policy.value} onChanged={policy.reload} />}
      {deleting && (
        <DeleteDialog
          kind="policy"
          name={name}
          loses="It is attached to users, groups or roles, which lose what it allows and denies, or it has other versions."
          stages={[entityStage(arn), versionStage(arn)]}
          remove={() => iam.send(new DeletePolicyCommand({ PolicyArn: arn }))}
          onDismiss={() => setDeleting(false)}
          onDeleted={() => {
            flash({ type: 'success', content: `Policy ${name} was deleted.` });
            void navigate('/policies');
          }}
        />
      )}
    </Page>
  );
}

function Loaded({ arn, policy, onChanged }: { arn: string; policy: WirePolicy; onChanged: () => void }) {
  return (
    <SpaceBetween size="l">
      <KeyValues
        title="Summary"
        pairs={{
          Type: policyType(arn),
          ARN: <Copy name="ARN" value={arn} shown={arn} />,
          Description: policy.Description,
          Created: dateTime(policy.CreateDate),
          'Last changed': dateTime(policy.UpdateDate),
          'Default version': policy.DefaultVersionId,
        }}
      />
      <Tabs
        ariaLabel="Details of the policy"
        tabs={[
          {
            id: 'document',
            label: 'Permissions',
            content: <Document arn={arn} version={policy.DefaultVersionId ?? 'v1'} onChanged={onChanged} />,
          },
          {
            id: 'entities',
            label: 'Entities attached',
            content: <Entities arn={arn} onChanged={onChanged} />,
          },
          {
            id: 'versions',
            label: 'Versions',
            content: <Versions arn={arn} onChanged={onChanged} />,
          },
          ...(isProvided(arn) ? [] : [{ id: 'tags', label: 'Tags', content: <PolicyTags arn={arn} /> }]),
        ]}
      />
    </SpaceBetween>
  );
}

function PolicyTags({ arn: PolicyArn }: { arn: string }) {
  return (
    <Tags
      owner={{
        id: PolicyArn,
        list: () =>
          all(async (Marker) => {
            const page = await iam.send(new ListPolicyTagsCommand({ PolicyArn, Marker }));
            return { items: page.Tags, marker: page.Marker };
          }),
        tag: (Tags) => iam.send(new TagPolicyCommand({ PolicyArn, Tags })),
        untag: (TagKeys) => iam.send(new UntagPolicyCommand({ PolicyArn, TagKeys })),
      }}
    />
  );
}
