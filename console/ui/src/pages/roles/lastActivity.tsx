// When the roles of a page were last used, which ListRoles does not tell: asked role by role, a few at once.
import { GetRoleCommand, type Role } from '@aws-sdk/client-iam';
import { useEffect, useState } from 'react';
import Denied from '../../components/Denied';
import { ago } from '../../lib/format';
import { errorText, iam } from '../../lib/iam';
import { forEach, type Failure } from '../../lib/pool';

export type LastActivity = { used?: Date; error?: unknown };

/** roles: the same array until they are asked for anew, and with them this. */
export function useLastActivity(roles: Role[]): Map<string, LastActivity> {
  const [known, setKnown] = useState(new Map<string, LastActivity>());
  useEffect(() => {
    const control = new AbortController();
    const note = (name: string, activity: LastActivity) =>
      control.signal.aborted || setKnown((before) => new Map(before).set(name, activity));
    const ask = async (RoleName: string) => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      note(RoleName, { used: Role?.RoleLastUsed?.LastUsedDate });
    };
    const failed = (failures: Failure[]) => failures.forEach(({ name, error }) => note(name, { error }));
    setKnown(new Map());
    void forEach(roles.map(({ RoleName = '' }) => RoleName), ask, ({ failures }) => failed(failures.slice(-1)), control.signal);
    return () => control.abort();
  }, [roles]);
  return known;
}

export function Activity({ of: activity }: { of: LastActivity | undefined }) {
  if (!activity) return 'Loading';
  if (activity.error) return <Denied message={errorText(activity.error).message} />;
  return activity.used ? ago(activity.used) : 'None';
}
