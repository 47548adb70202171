// The first page: what should be done for security, what the account has, and where its users sign in.
import { GetAccountSummaryCommand } from '@aws-sdk/client-iam';
import Grid from '@cloudscape-design/components/grid';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Page from '../../components/Page';
import { iam } from '../../lib/iam';
import { useAnswer } from '../../lib/requests';
import Account from './Account';
import OwnMFA from './OwnMFA';
import Recommendations from './Recommendations';
import Resources from './Resources';

export default function Dashboard() {
  const summary = useAnswer(async () => (await iam.send(new GetAccountSummaryCommand({}))).SummaryMap ?? {}, []);
  return (
    <Page title="Dashboard">
      <SpaceBetween size="l">
        <OwnMFA />
        <Grid gridDefinition={[{ colspan: { default: 12, s: 8 } }, { colspan: { default: 12, s: 4 } }]}>
          <SpaceBetween size="l">
            <Recommendations summary={summary} />
            <Resources summary={summary} />
          </SpaceBetween>
          <Account />
        </Grid>
      </SpaceBetween>
    </Page>
  );
}
