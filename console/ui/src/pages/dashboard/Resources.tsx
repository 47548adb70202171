// How many of everything the account has.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import type { Summary } from './Recommendations';

const kinds = [
  { key: 'Users', label: 'Users', href: '/users' },
  { key: 'Groups', label: 'User groups', href: '/groups' },
  { key: 'Roles', label: 'Roles', href: '/roles' },
  { key: 'Policies', label: 'Policies', href: '/policies' },
  { key: 'MFADevicesInUse', label: 'MFA devices in use', href: '/coverage' },
];

export default function Resources({ summary: { value, error, loading } }: { summary: Summary }) {
  return (
    <Container header={<Header variant="h2">IAM resources</Header>}>
      <ErrorAlert error={error} />
      {!value && loading && <Loading />}
      {value && (
        <KeyValuePairs
          columns={3}
          items={kinds.map(({ key, label, href }) => ({
            label,
            value: (
              <Link variant="awsui-value-large" href={href}>
                {value[key] ?? 0}
              </Link>
            ),
          }))}
        />
      )}
    </Container>
  );
}
