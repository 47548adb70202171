// The open tab of a page stands in its address (?tab=), so that a link leads to it and "back" works.
import { useSearchParams } from 'react-router';

export function useTab(tabs: string[]): [string, (tab: string) => void] {
  const [search, setSearch] = useSearchParams();
  const asked = search.get('tab') ?? '';
  const tab = tabs.includes(asked) ? asked : (tabs[0] ?? '');
  return [tab, (next) => setSearch({ tab: next }, { replace: true })];
}
