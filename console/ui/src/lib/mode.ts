// Light or dark: the system's choice until the user makes one, which is kept.
import { applyMode, Mode } from '@cloudscape-design/global-styles';
import { useEffect, useSyncExternalStore } from 'react';
import { usePreference } from './preferences';

const darkSystem = '(prefers-color-scheme: dark)';

function subscribe(listener: () => void): () => void {
  const query = window.matchMedia(darkSystem);
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}

/** Whether the page is dark, and how to turn that round. */
export function useMode(): { dark: boolean; toggle(): void } {
  const [chosen, choose] = usePreference<'' | 'light' | 'dark'>('mode', '');
  const system = useSyncExternalStore(subscribe, () => window.matchMedia(darkSystem).matches);
  const dark = chosen === '' ? system : chosen === 'dark';
  useEffect(() => applyMode(dark ? Mode.Dark : Mode.Light), [dark]);
  return { dark, toggle: () => choose(dark ? 'light' : 'dark') };
}
