// The versions of a policy, five at most; one of them is the default and applies.
import {
  DeletePolicyVersionCommand,
  ListPolicyVersionsCommand,
  SetDefaultPolicyVersionCommand,
  type PolicyVersion,
} from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import ErrorAlert from '../../components/ErrorAlert';
import ListTable from '../../components/ListTable';
import Loading from '../../components/Loading';
import type { Stage } from '../../deletion/dismantle';
import { useFlash } from '../../lib/flash';
import { dateTime } from '../../lib/format';
import { iam } from '../../lib/iam';
import { all } from '../../lib/paging';
import { listed, useAction, useAnswer } from '../../lib/requests';
import { isProvided } from '../../policies/names';
import PolicyEditor from '../../policies/PolicyEditor';
import { versionDocument } from './Document';

function listVersions(PolicyArn: string): Promise<PolicyVersion[]> {
  return all(async (Marker) => {
    const page = await iam.send(new ListPolicyVersionsCommand({ PolicyArn, Marker }));
    return { items: page.Versions, marker: page.Marker };
  });
}

/** DeletePolicy wants every version but the default one to be gone first. */
export function versionStage(PolicyArn: string): Stage {
  return {
    what: 'other versions',
    list: async () =>
      (await listVersions(PolicyArn))
        .filter((version) => !version.IsDefaultVersion)
        .map(({ VersionId = '' }) => ({
          name: `version ${VersionId}`,
          remove: () => iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId })),
        })),
  };
}

export default function Versions({ arn, onChanged }: { arn: string; onChanged: () => void }) {
  const flash = useFlash();
  const versions = useAnswer(() => listVersions(arn), [arn]);
  const [chosen, setChosen] = useState<string[]>([]);
  const [deleting, setDeleting] = useState(false);
  const { busy, error, run } = useAction();
  const version = versions.value?.find(({ VersionId }) => VersionId === chosen[0]);
  const id = version?.VersionId ?? '';
  const fixed = version === undefined || version.IsDefaultVersion === true;
  const why = version ? 'This version is the default.' : 'Select a version first.';

  const done = (content: string) => {
    flash({ type: 'success', content });
    versions.reload();
    onChanged();
  };
  const setDefault = () =>
    run(async () => {
      await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn: arn, VersionId: id }));
      done(`Version ${id} is the default now.`);
    });
  const remove = () =>
    run(async () => {
      await iam.send(new DeletePolicyVersionCommand({ PolicyArn: arn, VersionId: id }));
      setDeleting(false);
      setChosen([]);
      done(`Version ${id} was deleted.`);
    });

  return (
    <SpaceBetween size="m">
      {!deleting && <ErrorAlert error={error} />}
      <ListTable
        title="Versions"
        description="A policy keeps five versions; the default one applies."
        source={listed(versions)}
        id={(v) => v.VersionId ?? ''}
        columns={[
          { id: 'version', header: 'Version', cell: (v) => v.VersionId, isRowHeader: true },
          { id: 'default', header: 'Default', cell: (v) => (v.IsDefaultVersion ? 'Default' : '-') },
          { id: 'created', header: 'Created', cell: (v) => dateTime(v.CreateDate) },
        ]}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        actions={
          !isProvided(arn) && (
            <SpaceBetween direction="horizontal" size="xs">
              <Button disabled={fixed} disabledReason={why} onClick={() => setDeleting(true)}>
                Delete
              </Button>
              <Button
                disabled={fixed}
                disabledReason={why}
                loading={busy && !deleting}
                onClick={() => void setDefault()}
              >
                Set as default
              </Button>
            </SpaceBetween>
          )
        }
        empty="There are no versions."
      />
      {version && <VersionDocument arn={arn} id={id} />}
      {deleting && (
        <Confirm
          title={`Delete version ${id}?`}
          confirmLabel="Delete"
          busy={busy}
          error={error}
          onConfirm={() => void remove()}
          onDismiss={() => setDeleting(false)}
        >
          This deletes version {id} of the policy. It cannot be undone.
        </Confirm>
      )}
    </SpaceBetween>
  );
}

function VersionDocument({ arn, id }: { arn: string; id: string }) {
  const document = useAnswer(() => versionDocument(arn, id), [arn, id]);
  if (document.error) return <ErrorAlert error={document.error} />;
  if (document.value === undefined) return <Loading />;
  return <PolicyEditor label={`Policy document of version ${id}`} value={document.value} readOnly onChange={() => undefined} />;
}
