// Choices that stay in this browser: columns, page sizes, filters, light or dark. Nothing secret goes here.
import { useCallback, useMemo, useSyncExternalStore } from 'react';

const prefix = 'sallyport.';
const changed = new EventTarget(); // the storage event reaches the other tabs only
const memory = new Map<string, string>(); // stands in where the browser forbids storage

export function usePreference<T>(key: string, initial: T): [T, (value: T) => void] {
  const subscribe = useCallback(
    (listener: () => void) => {
      const fromOtherTab = (event: StorageEvent) => event.key === prefix + key && listener();
      changed.addEventListener(key, listener);
      window.addEventListener('storage', fromOtherTab);
      return () => {
        changed.removeEventListener(key, listener);
        window.removeEventListener('storage', fromOtherTab);
      };
    },
    [key],
  );
  const text = useSyncExternalStore(subscribe, () => read(key));
  // The initial value is the first render's: callers may write it as a literal.
  const value = useMemo(() => parse(text, initial), [text]);
  const set = useCallback(
    (next: T) => {
      write(key, JSON.stringify(next));
      changed.dispatchEvent(new Event(key));
    },
    [key],
  );
  return [value, set];
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key);
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key: string, text: string): void {
  try {
    localStorage.setItem(prefix + key, text);
  } catch {
    memory.set(key, text);
  }
}

function parse<T>(text: string | null, initial: T): T {
  if (text === null) return initial;
  try {
    const value = JSON.parse(text) as T;
    return kindOf(value) === kindOf(initial) ? value : initial;
  } catch {
    return initial;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
