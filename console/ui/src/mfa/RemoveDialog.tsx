// Takes a device off its owner, and deletes a virtual one, which would otherwise block its name.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Checkbox from '@cloudscape-design/components/checkbox';
import { useState } from 'react';
import Dialog from '../components/Dialog';
import { errorText, hasCode } from '../lib/iam';
import { useAction } from '../lib/requests';
import type { Whose } from '../lib/whose';
import { advice, nameIsHeld } from './advice';
import { deactivateDevice, deleteVirtualDevice, type Device } from './devices';

type Note = { type: 'info' | 'warning'; text: string };

type Props = {
  whose: Whose;
  device: Device;
  /** It is the only one its owner has. */
  last: boolean;
  /** note: what is left although the device is removed. */
  onDone: (note?: Note) => void;
  onDismiss: () => void;
};

export default function RemoveDialog({ whose, device, last, onDone, onDismiss }: Props) {
  const virtual = device.kind === 'virtual';
  const [alsoDelete, setAlsoDelete] = useState(virtual);
  const { busy, error, run } = useAction();
  const submit = async () => {
    let note: Note | undefined;
    const removed = await run(async () => {
      await deactivateDevice(whose, device.serial);
      if (!alsoDelete) return;
      try {
        await deleteVirtualDevice(device.serial);
      } catch (e) {
        note = hasCode(e, 'AccessDenied')
          ? { type: 'info', text: `It still holds its name. ${nameIsHeld}` }
          : { type: 'warning', text: `It could not be deleted and still holds its name: ${errorText(e).message}` };
      }
    });
    if (removed) onDone(note);
  };
  const words = error === undefined ? undefined : advice(error, device.kind);
  return (
    <Dialog
      title={`Remove ${device.name}?`}
      submitLabel="Remove"
      busy={busy}
      error={error}
      advice={words && <Box>{words}</Box>}
      onSubmit={() => void submit()}
      onDismiss={onDismiss}
    >
      <Box>
        <span style={{ overflowWrap: 'anywhere' }}>{device.serial}</span> will no longer be asked for at sign-in.
      </Box>
      {last && (
        <Alert type="warning" header="This is the last MFA device">
          Without it the password alone is enough to sign in, and policies that demand MFA will deny.
        </Alert>
      )}
      {virtual && (
        <Checkbox
          checked={alsoDelete}
          description="Its secret is then gone for good, and the name is free again."
          onChange={({ detail }) => setAlsoDelete(detail.checked)}
        >
          Also delete the virtual device
        </Checkbox>
      )}
    </Dialog>
  );
}
