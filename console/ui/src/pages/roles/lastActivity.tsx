// When the roles of a page were last used, which ListRoles does not tell: asked role by role, a few at once.
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { useEffect, useState } from 'react';
import { ago } from '../../lib/format';
import { errorText, iam } from '../../lib/iam';
import { forEach } from '../../reports/pool';
import Denied from '../../users/Denied';

export type LastActivity = { used?: Date; error?: unknown };

export function useLastActivity(names: string[]): Map<string, LastActivity> {
  const [known, setKnown] = useState(new Map<string, LastActivity>());
  const key = JSON.stringify(names);
  useEffect(() => {
    const control = new AbortController();
    const note = (name: string, activity: LastActivity) =>
      control.signal.aborted || setKnown((before) => new Map(before).set(name, activity));
    const ask = async (RoleName: string) => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      note(RoleName, { used: Role?.RoleLastUsed?.LastUsedDate });
    };
    const failed = (failures: { name: string; error: unknown }[]) => failures.forEach(({ name, error }) => note(name, { error }));
    setKnown(new Map());
    void forEach(JSON.parse(key) as string[], ask, ({ failures }) => failed(failures.slice(-1)), control.signal);
    return () => control.abort();
  }, [key]);
  return known;
}

export function Activity({ of: activity }: { of: LastActivity | undefined }) {
  if (!activity) return 'Loading';
  if (activity.error) return <Denied message={errorText(activity.error).message} />;
  return activity.used ? ago(activity.used) : 'None';
}
