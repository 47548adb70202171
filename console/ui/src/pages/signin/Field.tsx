// A labelled input with its hint, and the buttons: plain HTML, since Cloudscape's would double what the page loads.
import { useId, type InputHTMLAttributes, type ReactNode, type Ref } from 'react';

type FieldProps = Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> & {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  inputRef?: Ref<HTMLInputElement>;
};

export function Field({ label, value, onChange, hint, inputRef, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <input
        required
        autoCapitalize="none"
        spellCheck={false}
        {...input}
        id={id}
        ref={inputRef}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

/** A field for the six digits of a device; blanks that came with a paste are dropped by digits(). */
export function CodeField(props: Pick<FieldProps, 'label' | 'value' | 'onChange' | 'inputRef' | 'hint' | 'autoFocus'>) {
  return <Field {...props} inputMode="numeric" autoComplete="one-time-code" maxLength={12} />;
}

/** The code without blanks, or undefined when it isn't six digits. */
export function digits(code: string): string | undefined {
  const bare = code.replace(/\s/g, '');
  return /^\d{6}$/.test(bare) ? bare : undefined;
}

type ActionProps = { children: ReactNode; onClick?: () => void; busy?: boolean; variant?: 'primary' | 'normal' | 'link' };

/** Without onClick it submits its form. While busy it keeps the focus, and further presses do nothing. */
export function Action({ children, onClick, busy, variant = 'normal' }: ActionProps) {
  return (
    <button type={onClick ? 'button' : 'submit'} className={variant} aria-disabled={busy || undefined} onClick={onClick}>
      {children}
    </button>
  );
}
