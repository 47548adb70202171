// A secret that is shown once: hidden until asked for, copied without being shown.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import Copy from './Copy';

/** name as in a sentence: "password", "secret access key". */
export default function Secret({ name, value }: { name: string; value: string }) {
  const [shown, setShown] = useState(false);
  return (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      {shown ? (
        <Box variant="code">
          <span style={{ overflowWrap: 'anywhere' }}>{value}</span>
        </Box>
      ) : (
        <span aria-label={`The ${name} is hidden`}>••••••••••••</span>
      )}
      <Button variant="inline-link" ariaLabel={`${shown ? 'Hide' : 'Show'} ${name}`} onClick={() => setShown(!shown)}>
        {shown ? 'Hide' : 'Show'}
      </Button>
      <Copy name={name} value={value} />
    </SpaceBetween>
  );
}
