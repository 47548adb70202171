// The filters of the event history; they take effect together, when they are applied.
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useId, useState } from 'react';
import type { Filters } from './events';
import './filters.css';

type Props = { filters: Filters; onChange: (filters: Filters) => void };

const none: Filters = { user: '', event: '', from: '', to: '' };

export default function EventFilters({ filters, onChange }: Props) {
  const [draft, setDraft] = useState(filters);
  const change = (part: Partial<Filters>) => setDraft({ ...draft, ...part });
  const text = (field: 'user' | 'event', label: string, placeholder: string) => (
    <FormField label={label}>
      <Input
        value={draft[field]}
        placeholder={placeholder}
        autoComplete={false}
        onChange={({ detail }) => change({ [field]: detail.value })}
      />
    </FormField>
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onChange(draft);
      }}
    >
      <SpaceBetween size="s">
        <ColumnLayout columns={4}>
          {text('user', 'User name', 'alice')}
          {text('event', 'Event name', 'EnableMFADevice')}
          <Time label="From" value={draft.from} onChange={(from) => change({ from })} />
          <Time label="To" value={draft.to} onChange={(to) => change({ to })} />
        </ColumnLayout>
        <SpaceBetween direction="horizontal" size="xs">
          <Button>Apply filters</Button>
          <Button variant="link" formAction="none" onClick={() => onChange(none)}>
            Clear filters
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </form>
  );
}

/** The browser's own field for a date with a time, which the design system has none of. */
function Time({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <FormField label={label} controlId={id}>
      <input id={id} className="event-time" type="datetime-local" value={value} onChange={(event) => onChange(event.target.value)} />
    </FormField>
  );
}
