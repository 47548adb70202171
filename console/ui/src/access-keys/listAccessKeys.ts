// The access keys of a user, of oneself or of root, each with its last use.
import { GetAccessKeyLastUsedCommand, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { errorText, iam } from '../lib/iam';
import { all } from '../lib/paging';

export type Key = {
  id: string;
  active: boolean;
  created: Date | undefined;
  lastUsed?: { date: Date | undefined; service: string; region: string };
  /** Why the last use is not shown. */
  denied?: string;
};

/** UserName undefined: one's own, root's too. */
export async function listAccessKeys(UserName: string | undefined): Promise<Key[]> {
  const found = await all(async (Marker) => {
    const page = await iam.send(new ListAccessKeysCommand({ UserName, Marker }));
    return { items: page.AccessKeyMetadata, marker: page.Marker };
  });
  return Promise.all(
    found.map(async ({ AccessKeyId = '', Status, CreateDate }): Promise<Key> => {
      const key: Key = { id: AccessKeyId, active: Status === 'Active', created: CreateDate };
      try {
        const { AccessKeyLastUsed: last } = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
        return {
          ...key,
          lastUsed: { date: last?.LastUsedDate, service: last?.ServiceName ?? 'N/A', region: last?.Region ?? 'N/A' },
        };
      } catch (e) {
        return { ...key, denied: errorText(e).message };
      }
    }),
  );
}
