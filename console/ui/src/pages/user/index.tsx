// The page of one user: the summary, and a tab for each side of it. A deny in one leaves the others as they are.
import { GetUserCommand } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import Loading from '../../components/Loading';
import Missing from '../../components/Missing';
import Page from '../../components/Page';
import DeleteUser from '../../deletion/DeleteUser';
import { useFlash } from '../../lib/flash';
import { hasCode, iam } from '../../lib/iam';
import { useAnswer } from '../../lib/requests';
import { useTab } from '../../lib/tab';
import { useUserDetails } from '../../users/describe';
import Credentials from './Credentials';
import Groups from './Groups';
import Permissions from './Permissions';
import Summary from './Summary';
import Tags from './Tags';

const breadcrumbs = [{ text: 'Users', href: '/users' }];

export default function User() {
  const { name = '' } = useParams();
  return <UserPage key={name} name={name} />;
}

function UserPage({ name }: { name: string }) {
  const navigate = useNavigate();
  const flash = useFlash();
  const [tab, setTab] = useTab(['permissions', 'groups', 'tags', 'security-credentials']);
  const [deleting, setDeleting] = useState(false);
  const user = useAnswer(async () => (await iam.send(new GetUserCommand({ UserName: name }))).User, [name]);
  const described = useUserDetails([name]);
  // Nothing is offered for a user who may not be there.
  if (user.loading && !user.value) {
    return (
      <Page title={name} breadcrumbs={breadcrumbs}>
        <Loading />
      </Page>
    );
  }
  if (hasCode(user.error, 'NoSuchEntity')) {
    return (
      <Page title={name} breadcrumbs={breadcrumbs}>
        <Missing error={user.error} list="/users" />
      </Page>
    );
  }
  return (
    <Page
      title={name}
      breadcrumbs={breadcrumbs}
      actions={<Button onClick={() => setDeleting(true)}>Delete user</Button>}
    >
      <SpaceBetween size="l">
        <Summary user={user} described={described} />
        <Tabs
          ariaLabel={`Tabs of user ${name}`}
          activeTabId={tab}
          onChange={({ detail }) => setTab(detail.activeTabId)}
          tabs={[
            { id: 'permissions', label: 'Permissions', content: <Permissions userName={name} /> },
            { id: 'groups', label: 'Groups', content: <Groups userName={name} /> },
            { id: 'tags', label: 'Tags', content: <Tags userName={name} /> },
            {
              id: 'security-credentials',
              label: 'Security credentials',
              content: <Credentials userName={name} onChange={described.reload} />,
            },
          ]}
        />
      </SpaceBetween>
      {deleting && (
        <DeleteUser
          name={name}
          onDismiss={() => setDeleting(false)}
          onDeleted={() => {
            flash({ type: 'success', content: `User ${name} was deleted.` });
            void navigate('/users');
          }}
        />
      )}
    </Page>
  );
}
