// Takes what lies behind a dialogue out of the accessibility tree, so that a button is found once and not twice.
import { useEffect, useState } from 'react';

/** Only after the dialogue has taken the focus, and not beyond its end: the focus must find its way back. */
export function useCovered(open: boolean): { 'aria-hidden'?: true } {
  const [covered, setCovered] = useState(false);
  useEffect(() => setCovered(open), [open]);
  return covered && open ? { 'aria-hidden': true } : {};
}
