// The policies that a user has by its groups.
import Link from '@cloudscape-design/components/link';
import { errorText } from '../../lib/iam';
import Denied from '../../users/Denied';
import ListTable from '../../users/ListTable';
import { groupPath, policyPath } from '../../users/paths';
import { useAnswer } from '../../users/requests';
import { policiesOfGroups, type Inherited } from './groupsOfUser';

export default function GroupPolicies({ userName }: { userName: string }) {
  const policies = useAnswer(() => policiesOfGroups(userName), [userName]);
  return (
    <ListTable<Inherited>
      title="Policies from groups"
      source={{ items: policies.value ?? [], loading: policies.loading, error: policies.error }}
      id={({ group, policy, arn, error }) => `${group}/${arn ?? policy ?? errorText(error).message}`}
      columns={[
        { id: 'policy', header: 'Policy name', cell: (one) => <Name of={one} />, isRowHeader: true },
        { id: 'type', header: 'Type', cell: ({ policy, arn }) => (policy === undefined ? '-' : arn ? 'Managed' : 'Inline') },
        { id: 'group', header: 'Group', cell: ({ group }) => <Link href={`${groupPath(group)}?tab=permissions`}>{group}</Link> },
      ]}
      empty="The groups of the user bring no policies."
    />
  );
}

function Name({ of: { policy, arn, error } }: { of: Inherited }) {
  if (policy === undefined) return <Denied message={errorText(error).message} />;
  return arn ? <Link href={policyPath(arn)}>{policy}</Link> : policy;
}
