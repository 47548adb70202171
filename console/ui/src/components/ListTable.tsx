// The table of every list: its caption, search, pages, selection, and an error in place of its rows.
//
// A button that needs a selection has a disabledReason: that says why, and keeps the focus when the row it acted on is gone.
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import TextFilter from '@cloudscape-design/components/text-filter';
import { useState, type ReactNode } from 'react';
import type { Pages } from '../lib/paging';
import ErrorAlert from './ErrorAlert';

type Selection = { type: 'single' | 'multi'; ids: string[]; onChange: (ids: string[]) => void };

type Search = { label: string; noMatch: (text: string) => ReactNode };

/** The search of a list of which the browser has one page, named in the plural: "groups". */
export function pageSearch(things: string): Search {
  return {
    label: `Find ${things} on this page`,
    noMatch: (text) => `None of the ${things} on this page has “${text}” in its name. The search reads this page only.`,
  };
}

type Props<T> = {
  /** The visible heading and the caption that a screen reader hears. */
  title: string;
  description?: ReactNode;
  columns: TableProps.ColumnDefinition<T>[];
  /** A page of a long list, or a short one at once. */
  source: Pick<Pages<T>, 'items' | 'loading' | 'error'> & Partial<Pick<Pages<T>, 'page' | 'pages' | 'openEnd' | 'go'>>;
  /** What a row is known by. */
  id: (item: T) => string;
  /** What it is called and searched by, where that is not its id. */
  name?: (item: T) => string;
  empty: ReactNode;
  actions?: ReactNode;
  /** Offers a search by name among the rows shown; what is said and offered when nothing matches. */
  search?: Search;
  /** Stands in place of the search where the caller has the whole list and filters it. */
  filter?: ReactNode;
  /** How many there are, where that is known. */
  counter?: string;
  /** Kept by the caller, because a choice outlives the page on which it was made. */
  selection?: Selection;
  preferences?: ReactNode;
  visible?: TableProps['columnDisplay'];
  variant?: TableProps.Variant;
  heading?: 'h2' | 'h3';
};

export default function ListTable<T>(props: Props<T>) {
  const { title, source, id, search, selection } = props;
  const name = props.name ?? id;
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const rows = source.error ? [] : source.items.filter((item) => name(item).toLowerCase().includes(wanted));
  const pages = source.pages ?? 1;

  const choose = (shown: T[]) => {
    const kept = selection?.type === 'multi' ? selection.ids.filter((one) => !rows.some((row) => id(row) === one)) : [];
    selection?.onChange([...kept, ...shown.map(id)]);
  };

  return (
    <Table
      variant={props.variant ?? 'container'}
      columnDefinitions={props.columns}
      columnDisplay={props.visible}
      items={rows}
      trackBy={id}
      loading={source.loading}
      loadingText="Loading"
      renderAriaLive={({ visibleItemsCount: count = 0 }) => (count === 1 ? '1 row' : `${count} rows`)}
      wrapLines
      header={
        <Header variant={props.heading ?? 'h2'} counter={props.counter} description={props.description} actions={props.actions}>
          {title}
        </Header>
      }
      ariaLabels={{
        tableLabel: title,
        selectionGroupLabel: `${title}: selection`,
        allItemsSelectionLabel: () => 'Select all on this page',
        itemSelectionLabel: (_, item) => `Select ${name(item)}`,
      }}
      selectionType={selection?.type}
      selectedItems={selection && rows.filter((row) => selection.ids.includes(id(row)))}
      onSelectionChange={({ detail }) => choose(detail.selectedItems)}
      filter={
        search ? (
          <TextFilter
            filteringText={text}
            filteringAriaLabel={search.label}
            filteringPlaceholder={search.label}
            filteringClearAriaLabel="Clear the search"
            countText={wanted && !source.loading ? `${rows.length} on this page` : ''}
            onChange={({ detail }) => setText(detail.filteringText)}
          />
        ) : (
          props.filter
        )
      }
      pagination={
        source.go &&
        (pages > 1 || source.openEnd) && (
          <Pagination
            currentPageIndex={source.page ?? 1}
            pagesCount={pages}
            openEnd={source.openEnd}
            disabled={source.loading}
            ariaLabels={{
              paginationLabel: `${title}: pages`,
              previousPageLabel: 'Preceding page',
              nextPageLabel: 'Following page',
              pageLabel: (n) => `Page ${n}`,
            }}
            onChange={({ detail }) => source.go?.(detail.currentPageIndex)}
          />
        )
      }
      preferences={props.preferences}
      empty={
        source.error ? (
          <Box textAlign="left">
            <ErrorAlert error={source.error} />
          </Box>
        ) : (
          <Box textAlign="center" color="text-body-secondary" padding={{ vertical: 's' }}>
            <SpaceBetween size="s">
              {wanted && source.items.length > 0 && search ? search.noMatch(text.trim()) : props.empty}
            </SpaceBetween>
          </Box>
        )
      }
    />
  );
}
