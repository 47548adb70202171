// The summary at the top of an entity's page, with what kept some of it from being shown.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import ErrorAlert from './ErrorAlert';

type Props = { title: string; pairs: Record<string, ReactNode>; actions?: ReactNode; errors?: unknown[] };

export default function KeyValues({ title, pairs, actions, errors = [] }: Props) {
  return (
    <Container
      header={
        <Header variant="h2" actions={actions}>
          {title}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {errors.map((error, i) => (
          <ErrorAlert key={i} error={error} />
        ))}
        <KeyValuePairs columns={3} items={Object.entries(pairs).map(([label, value]) => ({ label, value: value || '-' }))} />
      </SpaceBetween>
    </Container>
  );
}
