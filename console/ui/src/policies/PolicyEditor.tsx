// A JSON editor for policy documents: line numbers, and every error at its line, the browser's and the server's.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useId, useMemo, useRef } from 'react';
import ErrorAlert from '../components/ErrorAlert';
import { errorText, hasCode } from '../lib/iam';
import { documentLength, format } from './document';
import { place, readJSON, type Place } from './json';
import { locate } from './locate';
import './PolicyEditor.css';

type Props = {
  value: string;
  onChange: (value: string) => void;
  /** What the server answered to this document: a MalformedPolicyDocument is shown at its line, others above the text. */
  error?: unknown;
  label?: string;
  readOnly?: boolean;
  /** The most characters, white space not counted, that the server takes. */
  limit?: number;
};

const firstLine = 8; // the padding above the first line, in pixels, as in PolicyEditor.css
const lineHeight = 20;

export default function PolicyEditor(props: Props) {
  const { value, onChange, error, label = 'Policy document', readOnly = false, limit } = props;
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const refusal = useRefusal(error, value);
  const syntax = useMemo(() => syntaxFault(value), [value]);
  const fault = value === '' ? refusal : (syntax ?? refusal);
  const lines = useMemo(() => value.split('\n').length, [value]);
  const numbers = useMemo(() => Array.from({ length: lines }, (_, i) => i + 1).join('\n'), [lines]);

  const goTo = (at: number) => {
    area.current?.focus();
    area.current?.setSelectionRange(at, at);
  };

  return (
    <SpaceBetween size="s">
      {!isMalformed(error) && <ErrorAlert error={error} />}
      <FormField
        stretch
        controlId={id}
        label={label}
        secondaryControl={
          !readOnly && (
            <Button formAction="none" disabled={syntax !== undefined} onClick={() => onChange(format(value))}>
              Format
            </Button>
          )
        }
        constraintText={limit !== undefined && `${documentLength(value)} of ${limit} characters; white space is not counted.`}
        errorText={
          fault && (
            <span id={`${id}-fault`} role="status">
              {fault.place && (
                <>
                  <Button variant="inline-link" formAction="none" onClick={() => goTo(fault.at!)}>
                    Line {fault.place.line}, column {fault.place.column}
                  </Button>
                  {': '}
                </>
              )}
              {fault.message}
            </span>
          )
        }
      >
        <Box>
          <div className="policy-editor">
            {fault?.place && (
              <div className="policy-editor-fault" style={{ top: firstLine + (fault.place.line - 1) * lineHeight }} />
            )}
            <pre className="policy-editor-numbers" aria-hidden="true">
              {numbers}
            </pre>
            <textarea
              ref={area}
              id={id}
              className="policy-editor-text"
              value={value}
              rows={Math.max(lines, readOnly ? 1 : 12)}
              wrap="off"
              spellCheck={false}
              autoCapitalize="off"
              autoComplete="off"
              readOnly={readOnly}
              aria-invalid={fault !== undefined}
              aria-describedby={fault && `${id}-fault`}
              onChange={(event) => onChange(event.target.value)}
            />
          </div>
        </Box>
      </FormField>
    </SpaceBetween>
  );
}

type Shown = { message: string; at?: number; place?: Place };

function syntaxFault(text: string): Shown | undefined {
  const read = readJSON(text);
  if (!('fault' in read)) return undefined;
  return { ...read.fault, place: place(text, read.fault.at) };
}

/** The server's refusal, as long as the text is the one that it refused. */
function useRefusal(error: unknown, value: string): Shown | undefined {
  const refused = useRef({ error: undefined as unknown, value });
  if (refused.current.error !== error) refused.current = { error, value };
  const current = refused.current.value === value;
  return useMemo(() => {
    if (!current || !isMalformed(error)) return undefined;
    const { message } = errorText(error);
    const at = locate(message, value);
    return { message: `MalformedPolicyDocument: ${message}`, at, place: at === undefined ? undefined : place(value, at) };
  }, [error, value, current]);
}

function isMalformed(error: unknown): boolean {
  return hasCode(error, 'MalformedPolicyDocument');
}
