// The page of one user group: the summary, its users and its policies.
import { GetGroupCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import ErrorAlert from '../../components/ErrorAlert';
import Page from '../../components/Page';
import { useFlash } from '../../lib/flash';
import { dateTime } from '../../lib/format';
import { iam } from '../../lib/iam';
import AttachedPolicies from '../../users/AttachedPolicies';
import Copy from '../../users/Copy';
import DeleteGroup from '../../users/DeleteGroup';
import InlinePolicies from '../../users/InlinePolicies';
import { groupPolicies } from '../../users/policyOwner';
import { useAnswer } from '../../users/requests';
import { useTab } from '../../users/useTab';
import Members from './Members';

export default function GroupPage() {
  const { name = '' } = useParams();
  const navigate = useNavigate();
  const flash = useFlash();
  const [tab, setTab] = useTab(['users', 'permissions']);
  const [deleting, setDeleting] = useState(false);
  const owner = groupPolicies(name);
  return (
    <Page
      title={name}
      breadcrumbs={[{ text: 'User groups', href: '/groups' }]}
      actions={<Button onClick={() => setDeleting(true)}>Delete group</Button>}
    >
      <SpaceBetween size="l">
        <Summary groupName={name} />
        <Tabs
          key={name}
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

function Summary({ groupName: GroupName }: { groupName: string }) {
  // One user at most: the members have a table of their own.
  const group = useAnswer(async () => (await iam.send(new GetGroupCommand({ GroupName, MaxItems: 1 }))).Group, [GroupName]);
  const waiting = group.loading ? 'Loading…' : 'Not available';
  return (
    <Container header={<Header variant="h2">Summary</Header>}>
      <SpaceBetween size="m">
        <ErrorAlert error={group.error} />
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'ARN', value: group.value?.Arn ? <Copy name="ARN" value={group.value.Arn} shown={group.value.Arn} /> : waiting },
            { label: 'Path', value: group.value?.Path ?? waiting },
            { label: 'Created', value: group.value ? dateTime(group.value.CreateDate) : waiting },
          ]}
        />
      </SpaceBetween>
    </Container>
  );
}
