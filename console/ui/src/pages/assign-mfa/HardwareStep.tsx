// Step 2 for a hardware token: its serial number and two codes from its display.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import CodeFields from '../../mfa/CodeFields';
import type { Codes } from '../../mfa/devices';

type Props = { serial: string; onSerial: (serial: string) => void; codes: Codes; onCodes: (codes: Codes) => void; tried: boolean };

/** As the wire takes it (EnableMFADevice, parameter SerialNumber). */
export function serialProblem(serial: string): string | undefined {
  if (serial === '') return 'Enter the serial number.';
  return /^[\w+=/:,.@-]{9,256}$/.test(serial) ? undefined : 'A serial number has 9 to 256 letters, digits or + = / : , . @ -';
}

export default function HardwareStep({ serial, onSerial, codes, onCodes, tried }: Props) {
  return (
    <SpaceBetween size="m">
      <FormField
        label="Serial number"
        errorText={tried ? serialProblem(serial) : undefined}
        constraintText="Printed on the back of the token."
      >
        <Input value={serial} autoComplete={false} onChange={({ detail }) => onSerial(detail.value.trim())} />
      </FormField>
      <CodeFields codes={codes} onChange={onCodes} tried={tried} />
    </SpaceBetween>
  );
}
