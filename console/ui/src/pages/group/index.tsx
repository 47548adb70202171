// The page of one user group: the summary, its users and its policies.
import { GetGroupCommand, type Group } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import Copy from '../../components/Copy';
import KeyValues from '../../components/KeyValues';
import Loading from '../../components/Loading';
import Missing from '../../components/Missing';
import Page from '../../components/Page';
import DeleteGroup from '../../deletion/DeleteGroup';
import { useFlash } from '../../lib/flash';
import { dateTime } from '../../lib/format';
import { hasCode, iam } from '../../lib/iam';
import { useAnswer, type Answer } from '../../lib/requests';
import { useTab } from '../../lib/tab';
import AttachedPolicies from '../../policies/AttachedPolicies';
import InlinePolicies from '../../policies/InlinePolicies';
import { groupPolicies } from '../../policies/policyOwner';
import Members from './Members';

const breadcrumbs = [{ text: 'User groups', href: '/groups' }];

export default function GroupPage() {
  const { name = '' } = useParams();
  return <OneGroup key={name} name={name} />;
}

function OneGroup({ name }: { name: string }) {
  const navigate = useNavigate();
  const flash = useFlash();
  const [tab, setTab] = useTab(['users', 'permissions']);
  const [deleting, setDeleting] = useState(false);
  // One user at most: the members have a table of their own.
  const group = useAnswer(async () => (await iam.send(new GetGroupCommand({ GroupName: name, MaxItems: 1 }))).Group, [name]);
  const owner = groupPolicies(name);
  // Nothing is offered for a group that may not be there.
  if (group.loading && !group.value) {
    return (
      <Page title={name} breadcrumbs={breadcrumbs}>
        <Loading />
      </Page>
    );
  }
  if (hasCode(group.error, 'NoSuchEntity')) {
    return (
      <Page title={name} breadcrumbs={breadcrumbs}>
        <Missing error={group.error} list="/groups" />
      </Page>
    );
  }
  return (
    <Page
      title={name}
      breadcrumbs={breadcrumbs}
      actions={<Button onClick={() => setDeleting(true)}>Delete group</Button>}
    >
      <SpaceBetween size="l">
        <Summary group={group} />
        <Tabs
          ariaLabel={`Tabs of group ${name}`}
          activeTabId={tab}
          onChange={({ detail }) => setTab(detail.activeTabId)}
          tabs={[
            { id: 'users', label: 'Users', content: <Members groupName={name} /> },
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
          ]}
        />
      </SpaceBetween>
      {deleting && (
        <DeleteGroup
          name={name}
          onDismiss={() => setDeleting(false)}
          onDeleted={() => {
            flash({ type: 'success', content: `Group ${name} was deleted.` });
            void navigate('/groups');
          }}
        />
      )}
    </Page>
  );
}

function Summary({ group }: { group: Answer<Group | undefined> }) {
  const waiting = group.loading ? 'Loading…' : 'Not available';
  return (
    <KeyValues
      title="Summary"
      errors={[group.error]}
      pairs={{
        ARN: group.value?.Arn ? <Copy name="ARN" value={group.value.Arn} shown={group.value.Arn} /> : waiting,
        Path: group.value?.Path ?? waiting,
        Created: group.value ? dateTime(group.value.CreateDate) : waiting,
      }}
    />
  );
}
