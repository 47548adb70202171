// One role: whom it trusts, what it may do, its tags.
import {
  DeleteRoleCommand,
  GetRoleCommand,
  ListRoleTagsCommand,
  TagRoleCommand,
  UntagRoleCommand,
  type Role as WireRole,
} from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import ErrorAlert from '../../components/ErrorAlert';
import Page from '../../components/Page';
import { useFlash } from '../../lib/flash';
import { ago, dateTime } from '../../lib/format';
import { iam } from '../../lib/iam';
import KeyValues from '../../policies/KeyValues';
import { rolePolicies } from '../../policies/roleOwner';
import { inWords } from '../../policies/SessionLength';
import Tags from '../../policies/Tags';
import { trusted } from '../../policies/trust';
import AttachedPolicies from '../../users/AttachedPolicies';
import Copy from '../../users/Copy';
import DeleteDialog from '../../users/DeleteDialog';
import InlinePolicies from '../../users/InlinePolicies';
import { policyPath } from '../../users/paths';
import { decode } from '../../users/policyOwner';
import { all, useAnswer } from '../../users/requests';
import { policyStages } from '../../users/stages';
import { useTab } from '../../users/useTab';
import EditRole from './EditRole';
import TrustPolicy from './TrustPolicy';

export default function Role() {
  const { name = '' } = useParams();
  const navigate = useNavigate();
  const flash = useFlash();
  const [deleting, setDeleting] = useState(false);
  const [tab, setTab] = useTab(['permissions', 'trust', 'tags']);
  const role = useAnswer(async () => (await iam.send(new GetRoleCommand({ RoleName: name }))).Role, [name]);
  const owner = rolePolicies(name);

  return (
    <Page
      title={name}
      breadcrumbs={[{ text: 'Roles', href: '/roles' }]}
      actions={<Button onClick={() => setDeleting(true)}>Delete</Button>}
    >
      <SpaceBetween size="l">
        <ErrorAlert error={role.error} />
        {!role.value && role.loading && <Spinner size="large" />}
        {role.value && <Summary role={role.value} onChanged={role.reload} />}
        <Tabs
          key={name}
          ariaLabel="Details of the role"
          activeTabId={tab}
          onChange={({ detail }) => setTab(detail.activeTabId)}
          tabs={[
            {
              id: 'permissions',
              label: 'Permissions',
              content: (
                <SpaceBetween size="l">
                  <AttachedPolicies owner={owner} />
                  <InlinePolicies owner={owner} />
                </SpaceBetween>
              ),
            },
            {
              id: 'trust',
              label: 'Trust relationships',
              content: role.value && (
                <TrustPolicy roleName={name} document={decode(role.value.AssumeRolePolicyDocument)} onChanged={role.reload} />
              ),
            },
            { id: 'tags', label: 'Tags', content: <RoleTags name={name} /> },
          ]}
        />
      </SpaceBetween>
      {deleting && (
        <DeleteDialog
          kind="role"
          name={name}
          loses="It has policies, attached or inline."
          stages={policyStages(owner)}
          remove={async () => void (await iam.send(new DeleteRoleCommand({ RoleName: name })))}
          onDismiss={() => setDeleting(false)}
          onDeleted={() => {
            flash({ type: 'success', content: `Role ${name} was deleted.` });
            void navigate('/roles');
          }}
        />
      )}
    </Page>
  );
}

function Summary({ role, onChanged }: { role: WireRole; onChanged: () => void }) {
  const [editing, setEditing] = useState(false);
  const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
  const used = role.RoleLastUsed?.LastUsedDate;
  return (
    <>
      <KeyValues
        title="Summary"
        actions={<Button onClick={() => setEditing(true)}>Edit</Button>}
        pairs={{
          ARN: <Copy name="ARN" value={role.Arn ?? ''} shown={role.Arn} />,
          Created: dateTime(role.CreateDate),
          'Last activity': used ? ago(used) : 'None',
          'Trusted entities': trusted(decode(role.AssumeRolePolicyDocument)).join('; '),
          'Maximum session duration': inWords(role.MaxSessionDuration ?? 3600),
          'Permissions boundary': boundary && <Link href={policyPath(boundary)}>{boundary}</Link>,
          Description: role.Description,
        }}
      />
      {editing && <EditRole role={role} onDismiss={() => setEditing(false)} onSaved={onChanged} />}
    </>
  );
}

function RoleTags({ name: RoleName }: { name: string }) {
  return (
    <Tags
      owner={{
        id: `role/${RoleName}`,
        list: () =>
          all(async (Marker) => {
            const page = await iam.send(new ListRoleTagsCommand({ RoleName, Marker }));
            return { items: page.Tags, Marker: page.Marker };
          }),
        tag: (Tags) => iam.send(new TagRoleCommand({ RoleName, Tags })),
        untag: (TagKeys) => iam.send(new UntagRoleCommand({ RoleName, TagKeys })),
      }}
    />
  );
}
