// The policies that a user has by its groups.
import Link from '@cloudscape-design/components/link';
import Denied from '../../components/Denied';
import ListTable from '../../components/ListTable';
import { errorText } from '../../lib/iam';
import { groupPath, policyPath } from '../../lib/paths';
import { listed, useAnswer } from '../../lib/requests';
import { policiesOfGroups, type Inherited } from '../../users/groupsOfUser';

export default function GroupPolicies({ userName }: { userName: string }) {
  const policies = useAnswer(() => policiesOfGroups(userName), [userName]);
  return (
    <ListTable<Inherited>
      title="Policies from groups"
      source={listed(policies)}
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
