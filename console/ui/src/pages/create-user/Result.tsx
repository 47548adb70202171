// The end of the wizard: the credentials to hand over, and honestly what did not work.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useNavigate } from 'react-router';
import Page from '../../components/Page';
import { errorLine } from '../../lib/iam';
import { userPath } from '../../lib/paths';
import ConsoleCredentials from '../../users/ConsoleCredentials';
import type { Created } from './createUser';

export default function Result({ created }: { created: Created }) {
  const navigate = useNavigate();
  const { name, password, failures } = created;
  return (
    <Page title="User created" breadcrumbs={[{ text: 'Users', href: '/users' }]}>
      <SpaceBetween size="l">
        {failures.length === 0 ? (
          <Alert type="success">User {name} was created.</Alert>
        ) : (
          <div role="alert">
            <Alert type="warning" header={`User ${name} was created, but not everything was done`}>
              <ul>
                {failures.map(({ what, error }) => (
                  <li key={what}>
                    {what}: {errorLine(error)}
                  </li>
                ))}
              </ul>
              Do it on the page of the user.
            </Alert>
          </div>
        )}
        {password !== undefined && (
          <Container
            header={
              <Header variant="h2" description="This is the only time you can view and download the password.">
                Console sign-in details
              </Header>
            }
          >
            <ConsoleCredentials userName={name} password={password} />
          </Container>
        )}
        <Box>
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={() => void navigate(userPath(name))}>View user</Button>
            <Button variant="primary" onClick={() => void navigate('/users')}>
              Return to users list
            </Button>
          </SpaceBetween>
        </Box>
      </SpaceBetween>
    </Page>
  );
}
