// Two consecutive codes of an app or a token, for assigning and for resyncing.
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { Codes } from './devices';

export const noCodes: Codes = { code1: '', code2: '' };

type CodeProblems = Partial<Record<keyof Codes, string>>;

/** What is wrong with the codes before the server is asked. */
export function codeProblems({ code1, code2 }: Codes): CodeProblems {
  const problem = (code: string) => (/^\d{6}$/.test(code) ? undefined : 'Enter the 6 digits that the device shows.');
  const same = code1 === code2 ? 'Wait for the next code; the two must differ.' : undefined;
  return { code1: problem(code1), code2: problem(code2) ?? same };
}

export const codesAreWhole = (codes: Codes): boolean => Object.values(codeProblems(codes)).every((p) => p === undefined);

type Props = { codes: Codes; onChange: (codes: Codes) => void; tried: boolean };

export default function CodeFields({ codes, onChange, tried }: Props) {
  const problems = tried ? codeProblems(codes) : {};
  const field = (key: keyof Codes, label: string, constraint: string) => (
    <FormField label={label} errorText={problems[key]} constraintText={constraint}>
      <Input
        value={codes[key]}
        inputMode="numeric"
        autoComplete="one-time-code"
        // People copy codes with the gap that apps show between the halves.
        onChange={({ detail }) => onChange({ ...codes, [key]: detail.value.replace(/\s/g, '') })}
      />
    </FormField>
  );
  return (
    <SpaceBetween size="m">
      {field('code1', 'MFA code 1', 'The code that the device shows now.')}
      {field('code2', 'MFA code 2', 'The code that follows directly; wait for it.')}
    </SpaceBetween>
  );
}
