// Step 2: what the user may do, by groups or by policies of its own.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tiles from '@cloudscape-design/components/tiles';
import Picker from '../../components/Picker';
import type { Draft } from './draft';

type Props = { draft: Draft; onChange: (part: Partial<Draft>) => void };

export default function PermissionsStep({ draft, onChange }: Props) {
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Permissions options</Header>}>
        <Tiles
          ariaLabel="Permissions options"
          value={draft.permissions}
          onChange={({ detail }) => onChange({ permissions: detail.value as Draft['permissions'] })}
          items={[
            { value: 'groups', label: 'Add user to groups', description: 'The user gets what its groups may do. Recommended.' },
            { value: 'policies', label: 'Attach policies directly', description: 'Managed policies for this user alone.' },
            { value: 'none', label: 'No permissions now', description: 'Nothing is allowed until someone allows it.' },
          ]}
        />
      </Container>
      {draft.permissions === 'groups' && (
        <Picker of="groups" chosen={draft.groups} onChange={(groups) => onChange({ groups })} />
      )}
      {draft.permissions === 'policies' && (
        <Picker of="policies" chosen={draft.policies} onChange={(policies) => onChange({ policies })} />
      )}
    </SpaceBetween>
  );
}
