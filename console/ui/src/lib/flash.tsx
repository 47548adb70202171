// Messages that outlive the page which caused them: "User created", shown by the shell's Flashbar.
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';

type FlashItem = { type: 'success' | 'error' | 'info' | 'warning'; content: ReactNode };
type ShownFlash = FlashItem & { id: string; /** How many navigations it has seen. */ moves: number };

type Flash = {
  items: ShownFlash[];
  add(item: FlashItem): void;
  dismiss(id: string): void;
  /** After a navigation: what was already there before the one that a wizard ends with goes. */
  moved(): void;
};

const most = 5;
const AddContext = createContext<((item: FlashItem) => void) | undefined>(undefined);
const FlashContext = createContext<Flash | undefined>(undefined);
let last = 0;

export function useFlash(): (item: FlashItem) => void {
  const add = useContext(AddContext);
  if (!add) throw new Error('useFlash outside of FlashProvider');
  return add;
}

/** For the shell. */
export function useFlashItems(): Flash {
  const flash = useContext(FlashContext);
  if (!flash) throw new Error('useFlashItems outside of FlashProvider');
  return flash;
}

export function FlashProvider({ children }: { children: ReactNode }) {
  const [items, setItems] = useState<ShownFlash[]>([]);
  const add = useCallback((item: FlashItem) => {
    setItems((before) => [{ ...item, id: String(++last), moves: 0 }, ...before].slice(0, most));
  }, []);
  const dismiss = useCallback((id: string) => setItems((before) => before.filter((item) => item.id !== id)), []);
  const moved = useCallback(() => {
    setItems((before) => before.map((item) => ({ ...item, moves: item.moves + 1 })).filter((item) => item.moves < 2));
  }, []);
  const flash = useMemo(() => ({ items, add, dismiss, moved }), [items, add, dismiss, moved]);
  return (
    <AddContext.Provider value={add}>
      <FlashContext.Provider value={flash}>{children}</FlashContext.Provider>
    </AddContext.Provider>
  );
}
