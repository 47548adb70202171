// Step 2 for an authenticator app: its secret, shown when asked for, and two codes to prove that the app has it.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useState } from 'react';
import Copy from '../../components/Copy';
import ErrorAlert from '../../components/ErrorAlert';
import Loading from '../../components/Loading';
import { nameIsHeld } from '../../mfa/advice';
import CodeFields from '../../mfa/CodeFields';
import type { Codes, VirtualDevice } from '../../mfa/devices';
import Trouble from '../../mfa/Trouble';
import type { VirtualDeviceState } from '../../mfa/useVirtualDevice';

type Props = { virtual: VirtualDeviceState; codes: Codes; onCodes: (codes: Codes) => void; tried: boolean };

export default function AppStep({ virtual, codes, onCodes, tried }: Props) {
  if (virtual.loading) return <Loading>Making the secret of the device</Loading>;
  if (!virtual.device) return <NoDevice virtual={virtual} />;
  return (
    <ol style={{ paddingInlineStart: '1.4em', display: 'grid', gap: '20px', margin: 0 }}>
      <li>
        <Box>Install an app for time-based one-time passwords on your phone or computer.</Box>
      </li>
      <li>
        <SpaceBetween size="s">
          <Box>Open the app and scan the QR code, or type in the secret key. Show them only where nobody looks on.</Box>
          <Seed device={virtual.device} />
        </SpaceBetween>
      </li>
      <li>
        <SpaceBetween size="s">
          <Box>Enter two codes from the app that follow each other directly.</Box>
          <CodeFields codes={codes} onChange={onCodes} tried={tried} />
        </SpaceBetween>
      </li>
    </ol>
  );
}

function Seed({ device }: { device: VirtualDevice }) {
  const [shown, setShown] = useState<'qr' | 'secret'>();
  const picture = usePicture(device.picture);
  const toggle = (what: 'qr' | 'secret') => setShown(shown === what ? undefined : what);
  return (
    <SpaceBetween size="s">
      <SpaceBetween direction="horizontal" size="xs">
        <Button ariaExpanded={shown === 'qr'} formAction="none" onClick={() => toggle('qr')}>
          {shown === 'qr' ? 'Hide QR code' : 'Show QR code'}
        </Button>
        <Button ariaExpanded={shown === 'secret'} formAction="none" onClick={() => toggle('secret')}>
          {shown === 'secret' ? 'Hide secret key' : 'Show secret key'}
        </Button>
      </SpaceBetween>
      {shown === 'qr' && picture && (
        // White around the code, or no camera reads it in dark mode.
        <img
          src={picture}
          alt={`QR code with the secret of ${device.serial}, for the authenticator app`}
          style={{ background: 'white', padding: '12px', width: '224px', maxWidth: '100%', imageRendering: 'pixelated' }}
        />
      )}
      {shown === 'secret' && (
        <Box>
          <Copy name="the key" value={device.secret} shown={<code data-testid="secret-key">{device.secret}</code>} />
        </Box>
      )}
    </SpaceBetween>
  );
}

function usePicture(bytes: Uint8Array): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes.slice()], { type: 'image/png' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return url;
}

function NoDevice({ virtual }: { virtual: VirtualDeviceState }) {
  if (virtual.held) {
    return (
      <Alert type="info" header="The name is held by an older device">
        {nameIsHeld}
      </Alert>
    );
  }
  return (
    <SpaceBetween size="m">
      {virtual.abandoned === undefined ? (
        <Trouble error={virtual.error} kind="virtual" />
      ) : (
        <ErrorAlert error={virtual.error} />
      )}
      {virtual.abandoned === undefined ? (
        <Button formAction="none" onClick={virtual.retry}>
          Try again
        </Button>
      ) : (
        <Alert
          type="warning"
          header="A device of this name was left behind"
          action={
            <Button formAction="none" onClick={virtual.replace}>
              Delete the abandoned device and continue
            </Button>
          }
        >
          <span style={{ overflowWrap: 'anywhere' }}>{virtual.abandoned}</span> is assigned to nobody, perhaps because an
          assignment was broken off. Deleting it frees the name.
        </Alert>
      )}
    </SpaceBetween>
  );
}
