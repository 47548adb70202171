// Step 1 of assigning a device: what it is called and of which kind it is.
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tiles from '@cloudscape-design/components/tiles';
import { kindName } from '../../lib/format';
import type { DeviceKind } from '../../lib/session';

type Props = {
  name: string;
  onName: (name: string) => void;
  problem: string | undefined;
  kind: DeviceKind;
  onKind: (kind: DeviceKind) => void;
  onEnter: () => void;
  /** Why the name is filled in already. */
  hint?: string;
};

const descriptions: Record<DeviceKind, string> = {
  fido: 'Your fingerprint, face or screen lock, or a FIDO2 security key. It cannot be phished.',
  virtual: 'An app on a phone or computer that shows six-digit codes.',
  hardware: 'A device with a display that shows six-digit codes.',
};

export default function SelectStep({ name, onName, problem, kind, onKind, onEnter, hint }: Props) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onEnter();
      }}
    >
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">Name</Header>}>
          <FormField
            label="Device name"
            description={kind === 'hardware' ? undefined : hint}
            errorText={problem}
            constraintText={
              kind === 'hardware'
                ? 'Not needed for a token: it is known by its serial number.'
                : 'Part of the identifying ARN. Up to 64 characters: letters A to Z, digits and + = , . @ _ -'
            }
          >
            <Input value={name} autoComplete={false} onChange={({ detail }) => onName(detail.value)} />
          </FormField>
        </Container>
        <Container header={<Header variant="h2">MFA device</Header>}>
          <Tiles
            ariaLabel="MFA device"
            columns={1}
            value={kind}
            onChange={({ detail }) => onKind(detail.value as DeviceKind)}
            items={(['fido', 'virtual', 'hardware'] as const).map((value) => ({
              value,
              label: kindName(value),
              description: descriptions[value],
            }))}
          />
        </Container>
      </SpaceBetween>
    </form>
  );
}
