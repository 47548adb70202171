// Page size and columns of a long list: chosen in the table's preferences, kept by this browser.
import CollectionPreferences from '@cloudscape-design/components/collection-preferences';
import type { TableProps } from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import { usePreference } from '../lib/preferences';

type Column = { id: string; header: string };
type Kept = { pageSize: number; columns: { id: string; visible: boolean }[] };

const pageSizes = [20, 50, 100];
const firstPageSize = 50;

/** key: under which the choice is kept. The first column can't be hidden: it names the row. */
export function useListPreferences(key: string, columns: Column[]): {
  pageSize: number;
  visible: TableProps['columnDisplay'];
  control: ReactNode;
} {
  const [kept, keep] = usePreference<Kept>(key, { pageSize: firstPageSize, columns: [] });
  // A kept choice may be older than a column, and a stored value is not to be trusted.
  const choice = Array.isArray(kept.columns) ? kept.columns.filter((c) => columns.some(({ id }) => id === c?.id)) : [];
  const added = columns.filter(({ id }) => !choice.some((c) => c.id === id)).map(({ id }) => ({ id, visible: true }));
  const visible = [...choice, ...added];
  const pageSize = pageSizes.includes(kept.pageSize) ? kept.pageSize : firstPageSize;

  const control = (
    <CollectionPreferences
      title="Preferences"
      confirmLabel="Confirm"
      cancelLabel="Cancel"
      preferences={{ pageSize, contentDisplay: visible }}
      pageSizePreference={{
        title: 'Page size',
        options: pageSizes.map((value) => ({ value, label: `${value} rows` })),
      }}
      contentDisplayPreference={{
        title: 'Columns',
        options: columns.map(({ id, header }, i) => ({ id, label: header, alwaysVisible: i === 0 })),
      }}
      onConfirm={({ detail }) =>
        keep({
          pageSize: detail.pageSize ?? pageSize,
          // Columns in groups, which no table here has, come without "visible".
          columns: (detail.contentDisplay ?? visible).flatMap((c) => ('visible' in c ? [{ id: c.id, visible: c.visible }] : [])),
        })
      }
    />
  );
  return { pageSize, visible, control };
}
