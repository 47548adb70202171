// What an address shows that no page has.
import Link from '@cloudscape-design/components/link';
import Page from '../../components/Page';

export default function NotFound() {
  return (
    <Page title="Page not found">
      There is no page at this address. <Link href="/">Go to the dashboard</Link>
    </Page>
  );
}
