// Brings a TOTP device whose clock or counter ran away back in step, with two consecutive codes.
import Box from '@cloudscape-design/components/box';
import { useState } from 'react';
import Dialog from '../components/Dialog';
import { useAction } from '../lib/requests';
import type { Whose } from '../lib/whose';
import { advice } from './advice';
import CodeFields, { codesAreWhole, noCodes } from './CodeFields';
import { resyncDevice, type Device } from './devices';

type Props = { whose: Whose; device: Device; onDone: () => void; onDismiss: () => void };

export default function ResyncDialog({ whose, device, onDone, onDismiss }: Props) {
  const [codes, setCodes] = useState(noCodes);
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();
  const submit = async () => {
    setTried(true);
    if (codesAreWhole(codes) && (await run(() => resyncDevice(whose, device.serial, codes)))) onDone();
  };
  return (
    <Dialog
      title={`Resync ${device.name}`}
      submitLabel="Resync"
      busy={busy}
      error={error}
      advice={error === undefined ? undefined : <Box>{advice(error, device.kind)}</Box>}
      onSubmit={() => void submit()}
      onDismiss={onDismiss}
    >
      <Box>Codes are refused when the clock of a device has drifted. Two codes in a row show how far.</Box>
      <CodeFields codes={codes} onChange={setCodes} tried={tried} />
    </Dialog>
  );
}
