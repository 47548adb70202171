// The tags of a role or a policy: what changed is sent, and only that.
import type { Tag as WireTag } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import ErrorAlert from '../components/ErrorAlert';
import Loading from '../components/Loading';
import { useFlash } from '../lib/flash';
import { useAction, useAnswer } from '../lib/requests';
import TagFields, { filled, tagsAreWhole, type Tag } from './TagFields';

export type TagOwner = {
  /** What the tags are asked for again for, such as a name. */
  id: string;
  list(): Promise<WireTag[]>;
  tag(tags: Tag[]): Promise<unknown>;
  untag(keys: string[]): Promise<unknown>;
};

export default function Tags({ owner }: { owner: TagOwner }) {
  const flash = useFlash();
  const { busy, error, run } = useAction();
  const [draft, setDraft] = useState<Tag[]>();
  const stored = useAnswer(
    async () => (await owner.list()).map(({ Key = '', Value = '' }) => ({ Key, Value })),
    [owner.id],
  );
  const tags = draft ?? stored.value ?? [];

  const save = () =>
    run(async () => {
      const before = stored.value ?? [];
      const { changed, removed } = difference(before, filled(tags));
      // In this order, because keys of users and roles ignore case: a key that is spelled anew must not be removed after it was set.
      if (removed.length > 0) await owner.untag(removed);
      if (changed.length > 0) await owner.tag(changed);
      flash({ type: 'success', content: 'The tags were saved.' });
      setDraft(undefined);
      stored.reload();
    });

  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button disabled={draft === undefined || busy} onClick={() => setDraft(undefined)}>
                Undo changes
              </Button>
              <Button
                variant="primary"
                loading={busy}
                disabled={draft === undefined || !tagsAreWhole(tags)}
                onClick={() => void save()}
              >
                Save tags
              </Button>
            </SpaceBetween>
          }
        >
          Tags
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ErrorAlert error={stored.error ?? error} />
        {stored.value && <TagFields tags={tags} onChange={setDraft} />}
        {!stored.value && stored.loading && <Loading />}
      </SpaceBetween>
    </Container>
  );
}

/** What must be written and what must go, to make the first list into the second. */
export function difference(before: Tag[], after: Tag[]): { changed: Tag[]; removed: string[] } {
  const value = (tags: Tag[], key: string) => tags.find((tag) => tag.Key === key)?.Value;
  return {
    changed: after.filter((tag) => value(before, tag.Key) !== tag.Value),
    removed: before.filter((tag) => value(after, tag.Key) === undefined).map((tag) => tag.Key),
  };
}
