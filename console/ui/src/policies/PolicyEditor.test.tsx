import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, expect, it } from 'vitest';
import { ConsoleError } from '../lib/console';
import PolicyEditor from './PolicyEditor';

afterEach(cleanup);

function Editor({ first, error }: { first: string; error?: unknown }) {
  const [value, setValue] = useState(first);
  return <PolicyEditor value={value} onChange={setValue} error={error} />;
}

const area = () => screen.getByLabelText<HTMLTextAreaElement>('Policy document');

it('shows a syntax error at its line and column, and goes there', () => {
  render(<Editor first={'{\n  "a": 1,\n}'} />);
  expect(screen.getByRole('status').textContent).toBe('Line 2, column 9: A comma may not stand before }.');
  expect(area().getAttribute('aria-invalid')).toBe('true');
  fireEvent.click(screen.getByRole('button', { name: 'Line 2, column 9' }));
  expect(area().selectionStart).toBe(10);
  expect(document.activeElement).toBe(area());
});

it('formats what is JSON', () => {
  render(<Editor first={'{"a":[1]}'} />);
  fireEvent.click(screen.getByRole('button', { name: 'Format' }));
  expect(area().value).toBe('{\n  "a": [\n    1\n  ]\n}');
});

it("shows the server's refusal at its line until the text changes", () => {
  const error = new ConsoleError('MalformedPolicyDocument', 'Resource x must be in ARN format or "*".', 400);
  const text = '{"Statement":\n{"Resource": "x"}}';
  render(<Editor first={text} error={error} />);
  expect(screen.getByRole('status').textContent).toContain('Line 2, column 14: MalformedPolicyDocument: Resource x must be');
  fireEvent.change(area(), { target: { value: text.replace('"x"', '"*"') } });
  expect(screen.queryByRole('status')).toBeNull();
});

it('shows other errors as they are', () => {
  render(<Editor first="{}" error={new ConsoleError('AccessDenied', 'You may not.', 403)} />);
  expect(screen.getByRole('alert').textContent).toContain('AccessDenied');
});

it('lets the tab key leave', () => {
  render(<Editor first="{}" />);
  expect(fireEvent.keyDown(area(), { key: 'Tab' })).toBe(true); // not prevented
});
