// The summary at the top of an entity's page.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import type { ReactNode } from 'react';

type Props = { title: string; pairs: Record<string, ReactNode>; actions?: ReactNode };

export default function KeyValues({ title, pairs, actions }: Props) {
  return (
    <Container
      header={
        <Header variant="h2" actions={actions}>
          {title}
        </Header>
      }
    >
      <KeyValuePairs columns={3} items={Object.entries(pairs).map(([label, value]) => ({ label, value: value || '-' }))} />
    </Container>
  );
}
