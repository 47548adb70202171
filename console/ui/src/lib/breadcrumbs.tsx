// Hands a page's breadcrumbs up to the shell, which shows them above the page.
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';

export type Crumb = { text: string; href: string };

const SetContext = createContext<(crumbs: Crumb[]) => void>(() => undefined);
const CrumbsContext = createContext<Crumb[]>([]);

export function BreadcrumbsProvider({ children }: { children: ReactNode }) {
  const [crumbs, setCrumbs] = useState<Crumb[]>([]);
  return (
    <SetContext.Provider value={setCrumbs}>
      <CrumbsContext.Provider value={crumbs}>{children}</CrumbsContext.Provider>
    </SetContext.Provider>
  );
}

/** For the shell: the crumbs between the dashboard and the page, and the page itself last. */
export function useShownBreadcrumbs(): Crumb[] {
  return useContext(CrumbsContext);
}

export function useBreadcrumbs(title: string, between: Crumb[] = []): void {
  const set = useContext(SetContext);
  const crumbs = JSON.stringify([...between, { text: title, href: '' }]);
  useEffect(() => set(JSON.parse(crumbs) as Crumb[]), [set, crumbs]);
}
