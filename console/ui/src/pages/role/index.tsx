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
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import Copy from '../../components/Copy';
import ErrorAlert from '../../components/ErrorAlert';
import KeyValues from '../../components/KeyValues';
import Loading from '../../components/Loading';
import Page from '../../components/Page';
import DeleteDialog from '../../deletion/DeleteDialog';
import { policyStages } from '../../deletion/stages';
import { useFlash } from '../../lib/flash';
import { ago, dateTime, duration } from '../../lib/format';
import { iam } from '../../lib/iam';
import { all } from '../../lib/paging';
import { policyPath } from '../../lib/paths';
import { useAnswer } from '../../lib/requests';
import { useTab } from '../../lib/tab';
import AttachedPolicies from '../../policies/AttachedPolicies';
import { decode } from '../../policies/document';
import InlinePolicies from '../../policies/InlinePolicies';
import { rolePolicies } from '../../policies/policyOwner';
import { trusted } from '../../policies/trust';
import Tags from '../../tags/Tags';
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
        {!role.value && role.loading && <Loading />}
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
          remove={() => iam.send(new DeleteRoleCommand({ RoleName: name }))}
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
          'Maximum session duration': duration(role.MaxSessionDuration ?? 3600),
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
            return { items: page.Tags, marker: page.Marker };
          }),
        tag: (Tags) => iam.send(new TagRoleCommand({ RoleName, Tags })),
        untag: (TagKeys) => iam.send(new UntagRoleCommand({ RoleName, TagKeys })),
      }}
    />
  );
}
