// The copy button beside names that nobody types: ARNs, key ids, secrets.
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import type { ReactNode } from 'react';

type Props = {
  /** As in a sentence: "ARN", "password". */
  name: string;
  value: string;
  /** Shown before the button; nothing for a secret. */
  shown?: ReactNode;
};

export default function Copy({ name, value, shown }: Props) {
  const button = (
    <CopyToClipboard
      variant="icon"
      textToCopy={value}
      copyButtonAriaLabel={`Copy ${name}`}
      copySuccessText="Copied"
      copyErrorText="The browser did not allow copying"
      popoverRenderWithPortal
    />
  );
  if (shown === undefined) return button;
  return (
    <span style={{ display: 'inline-flex', alignItems: 'flex-start', gap: '4px' }}>
      {button}
      <span style={{ overflowWrap: 'anywhere', paddingBlockStart: '4px' }}>{shown}</span>
    </span>
  );
}
