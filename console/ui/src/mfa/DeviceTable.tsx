// The MFA devices of a user, of oneself or of root, with everything one does to a device.
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Copy from '../components/Copy';
import Denied from '../components/Denied';
import ListTable from '../components/ListTable';
import { useFlash } from '../lib/flash';
import { dateTime, kindName } from '../lib/format';
import { listed, useAnswer } from '../lib/requests';
import { useSession } from '../lib/session';
import { useWhose } from '../lib/whose';
import { listDevices, type Device } from './devices';
import OtherSessions from './OtherSessions';
import RemoveDialog from './RemoveDialog';
import ResyncDialog from './ResyncDialog';
import SignInAgainNotice from './SignInAgain';
import { useCovered } from './useCovered';

type Props = {
  /** Undefined: one's own, root's too. */
  userName?: string;
  onAssign: () => void;
  /** A device was resynced or removed. */
  onChange?: () => void;
};

export default function DeviceTable({ userName, onAssign, onChange }: Props) {
  const whose = useWhose(userName);
  const flash = useFlash();
  const devices = useAnswer(() => listDevices(whose), [whose.userName, whose.root]);
  const [chosen, setChosen] = useState<string[]>([]);
  const [open, setOpen] = useState<'resync' | 'remove'>();
  const { mfa } = useSession().state;
  const covered = useCovered(open !== undefined);
  const list = devices.value ?? [];
  const device = list.find((one) => one.serial === chosen[0]);
  const close = () => setOpen(undefined);

  return (
    <SpaceBetween size="s">
      {whose.own && !mfa && list.length > 0 && (
        <SignInAgainNotice>
          You have an MFA device, and signed in without it. Sign in with it to manage your devices, and where policies ask for MFA.
        </SignInAgainNotice>
      )}
      <ListTable<Device>
        title="Multi-factor authentication (MFA)"
        description="Up to eight devices of any kind. Each of them is good for signing in."
        source={listed(devices)}
        id={(one) => one.serial}
        name={(one) => one.name}
        selection={{ type: 'single', ids: chosen, onChange: setChosen }}
        columns={[
          { id: 'type', header: 'Type', cell: (one) => kindName(one.kind), isRowHeader: true, minWidth: 150 },
          {
            id: 'identifier',
            header: 'Identifier',
            cell: (one) => <Copy name={`identifier of ${one.name}`} value={one.serial} shown={one.serial} />,
            minWidth: 220,
          },
          { id: 'certifications', header: 'Certifications', cell: (one) => <Certifications of={one} />, minWidth: 130 },
          { id: 'created', header: 'Created on', cell: (one) => dateTime(one.enabled), minWidth: 140 },
        ]}
        actions={
          <div {...covered}>
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                disabled={!device || device.kind === 'fido'}
                disabledReason={device ? 'Passkeys and security keys have no codes.' : 'Select a device first.'}
                onClick={() => setOpen('resync')}
              >
                Resync
              </Button>
              <Button disabled={!device} disabledReason="Select a device first." onClick={() => setOpen('remove')}>
                Remove
              </Button>
              <Button variant="primary" onClick={onAssign}>
                Assign MFA device
              </Button>
            </SpaceBetween>
          </div>
        }
        empty="No MFA devices. Assign one, so that a stolen password alone opens nothing."
      />
      {open === 'resync' && device && (
        <ResyncDialog
          whose={whose}
          device={device}
          onDismiss={close}
          onDone={() => {
            close();
            onChange?.();
            flash({ type: 'success', content: `${device.name} is in step again.` });
          }}
        />
      )}
      {open === 'remove' && device && (
        <RemoveDialog
          whose={whose}
          device={device}
          last={list.length === 1}
          onDismiss={close}
          onDone={(note) => {
            close();
            setChosen([]);
            devices.reload();
            onChange?.();
            flash({
              type: note?.type ?? 'success',
              content: (
                <SpaceBetween size="xs">
                  <span>
                    {device.name} was removed. {note?.text}
                  </span>
                  {whose.own && <OtherSessions />}
                </SpaceBetween>
              ),
            });
          }}
        />
      )}
    </SpaceBetween>
  );
}

function Certifications({ of }: { of: Device }) {
  if (of.denied !== undefined) return <Denied message={of.denied} />;
  const entries = Object.entries(of.certifications ?? {});
  if (entries.length === 0) return '-';
  return entries.map(([name, level]) => <div key={name}>{`${name}: ${level}`}</div>);
}
