// The recommendation that every user has MFA: green only where every user was seen to have a device.
import Link from '@cloudscape-design/components/link';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import { hasCode } from '../../lib/iam';
import { useAnswer } from '../../lib/requests';
import { countMFA, fewestWithout, mostCounted, withoutText } from './everyone';
import Recommendation from './Recommendation';

type Props = { users: number; devices: number; rootHasMFA: boolean };

const title = 'MFA for everyone';
const more = <Link href="/coverage">See who has MFA</Link>;

export default function EveryonesMFA({ users, devices, rootHasMFA }: Props) {
  const countable = users > 0 && users <= mostCounted;
  const count = useAnswer(async () => (countable ? await countMFA() : undefined), [countable]);
  if (users === 0) {
    return (
      <Recommendation type="info" title={title} action={more}>
        There are no users yet.
      </Recommendation>
    );
  }
  if (count.loading) {
    return (
      <Recommendation type="info" title={title} action={more}>
        <Loading />
      </Recommendation>
    );
  }
  if (count.value) {
    const { users, without } = count.value;
    return (
      <Recommendation type={without === 0 ? 'success' : 'warning'} title={title} action={more}>
        {without === 0 ? 'Every user has an MFA device.' : `${withoutText(without, users)}.`}
      </Recommendation>
    );
  }
  const fewest = fewestWithout(users, devices, rootHasMFA);
  return (
    <Recommendation type={fewest > 0 ? 'warning' : 'info'} title={title} action={more}>
      {fewest > 0 ? `At least ${withoutText(fewest, users)}.` : 'The number of devices does not tell whether every user has one.'}
      {!hasCode(count.error, 'AccessDenied') && <ErrorAlert error={count.error} />}
    </Recommendation>
  );
}
