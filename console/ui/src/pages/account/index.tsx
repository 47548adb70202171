// Account settings: the password policy of users, and the alias in their sign-in URL.
import SpaceBetween from '@cloudscape-design/components/space-between';
import Page from '../../components/Page';
import Alias from './Alias';
import PasswordPolicy from './PasswordPolicy';

export default function Account() {
  return (
    <Page title="Account settings">
      <SpaceBetween size="l">
        <PasswordPolicy />
        <Alias />
      </SpaceBetween>
    </Page>
  );
}
