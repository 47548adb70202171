// Step 2 for a passkey or security key: what is going to happen, and a warning where it cannot.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import WrongAddress from '../../components/WrongAddress';
import { wrongOrigin } from '../../lib/origin';
import { useSession } from '../../lib/session';

export default function KeyStep({ someoneElse }: { someoneElse: string | undefined }) {
  const { state } = useSession();
  const elsewhere = wrongOrigin(state.externalUrl);
  return (
    <SpaceBetween size="m">
      {elsewhere && (
        <Alert type="warning" header="Wrong address">
          <WrongAddress at={elsewhere} />
        </Alert>
      )}
      {someoneElse !== undefined && (
        <Alert type="info">The key is registered for {someoneElse}: it has to be at hand here, with its owner.</Alert>
      )}
      <Box>
        Press “Add MFA”. Your browser then asks which passkey or security key to use; follow it, and touch the key when it
        blinks.
      </Box>
    </SpaceBetween>
  );
}
