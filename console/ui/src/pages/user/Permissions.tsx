// Tab: everything that decides what the user may do.
import SpaceBetween from '@cloudscape-design/components/space-between';
import AttachedPolicies from '../../policies/AttachedPolicies';
import InlinePolicies from '../../policies/InlinePolicies';
import { userPolicies } from '../../policies/policyOwner';
import Boundary from './Boundary';
import GroupPolicies from './GroupPolicies';

export default function Permissions({ userName }: { userName: string }) {
  const owner = userPolicies(userName);
  return (
    <SpaceBetween size="l">
      <AttachedPolicies owner={owner} />
      <InlinePolicies owner={owner} />
      <GroupPolicies userName={userName} />
      <Boundary userName={userName} />
    </SpaceBetween>
  );
}
