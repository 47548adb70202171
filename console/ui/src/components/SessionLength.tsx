// How long a session of a role may last: whole hours from 1 to 12, as CreateRole takes them in seconds.
import FormField from '@cloudscape-design/components/form-field';
import Select from '@cloudscape-design/components/select';
import { duration } from '../lib/format';

type Props = { seconds: number; onChange: (seconds: number) => void };

export default function SessionLength({ seconds, onChange }: Props) {
  const hours = Array.from({ length: 12 }, (_, i) => (i + 1) * 3600);
  const offered = hours.includes(seconds) ? hours : [seconds, ...hours];
  const option = (value: number) => ({ value: String(value), label: duration(value) });
  return (
    <FormField label="Maximum session duration">
      <Select
        selectedOption={option(seconds)}
        options={offered.map(option)}
        onChange={({ detail }) => onChange(Number(detail.selectedOption.value))}
      />
    </FormField>
  );
}
