// The page of one user: the summary, and a tab for each side of it. A deny in one leaves the others as they are.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import Page from '../../components/Page';
import DeleteUser from '../../deletion/DeleteUser';
import { useFlash } from '../../lib/flash';
import { useTab } from '../../lib/tab';
import Credentials from './Credentials';
import Groups from './Groups';
import Permissions from './Permissions';
import Summary from './Summary';
import Tags from './Tags';

export default function User() {
  const { name = '' } = useParams();
  const navigate = useNavigate();
  const flash = useFlash();
  const [tab, setTab] = useTab(['permissions', 'groups', 'tags', 'security-credentials']);
  const [deleting, setDeleting] = useState(false);
  const [changes, setChanges] = useState(0);
  return (
    <Page
      title={name}
      breadcrumbs={[{ text: 'Users', href: '/users' }]}
      actions={<Button onClick={() => setDeleting(true)}>Delete user</Button>}
    >
      <SpaceBetween size="l">
        <Summary key={`${name} ${changes}`} userName={name} />
        <Tabs
          key={name}
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
              content: <Credentials userName={name} onChange={() => setChanges((n) => n + 1)} />,
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
