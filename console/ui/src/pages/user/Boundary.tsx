// The permissions boundary: the most that all other policies together can allow.
import {
  DeleteUserPermissionsBoundaryCommand,
  GetUserCommand,
  PutUserPermissionsBoundaryCommand,
} from '@aws-sdk/client-iam';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Confirm from '../../components/Confirm';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import PickDialog from '../../components/PickDialog';
import { iam } from '../../lib/iam';
import { policyPath } from '../../lib/paths';
import { useAction, useAnswer } from '../../lib/requests';

export default function Boundary({ userName: UserName }: { userName: string }) {
  const boundary = useAnswer(
    async () => (await iam.send(new GetUserCommand({ UserName }))).User?.PermissionsBoundary?.PermissionsBoundaryArn ?? null,
    [UserName],
  );
  const { busy, error, run, clear } = useAction();
  const [open, setOpen] = useState<'set' | 'remove'>();
  const remove = async () => {
    if (!(await run(() => iam.send(new DeleteUserPermissionsBoundaryCommand({ UserName }))))) return;
    setOpen(undefined);
    boundary.reload();
  };
  const arn = boundary.value;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="The most that the user can be allowed, whatever its other policies say."
          actions={
            arn !== undefined && (
              <SpaceBetween direction="horizontal" size="xs">
                {arn !== null && <Button onClick={() => (clear(), setOpen('remove'))}>Remove boundary</Button>}
                <Button onClick={() => setOpen('set')}>{arn === null ? 'Set boundary' : 'Change boundary'}</Button>
              </SpaceBetween>
            )
          }
        >
          Permissions boundary
        </Header>
      }
    >
      <ErrorAlert error={boundary.error} />
      {boundary.loading && <Loading />}
      {arn === null && 'Not set'}
      {arn && <Link href={policyPath(arn)}>{arn}</Link>}
      {open === 'set' && (
        <PickDialog
          title={`Permissions boundary of ${UserName}`}
          submitLabel="Set boundary"
          of="policies"
          single
          add={(PermissionsBoundary) =>
            iam.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary }))
          }
          onClose={(added) => {
            setOpen(undefined);
            if (added > 0) boundary.reload();
          }}
        />
      )}
      {open === 'remove' && (
        <Confirm
          title={`Remove the permissions boundary of ${UserName}?`}
          confirmLabel="Remove boundary"
          busy={busy}
          error={error}
          onConfirm={() => void remove()}
          onDismiss={() => setOpen(undefined)}
        >
          <Box>Everything that its other policies allow is then allowed.</Box>
        </Confirm>
      )}
    </Container>
  );
}
