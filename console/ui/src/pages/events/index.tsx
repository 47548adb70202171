// Event history: the audit trail, newest first, filtered by user, event and time. The filters stand in the address.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import ListTable from '../../components/ListTable';
import Page from '../../components/Page';
import { call } from '../../lib/console';
import { usePages } from '../../lib/paging';
import EventFilters from './EventFilters';
import EventRecord from './EventRecord';
import { actor, changes, errorCode, pageSize, query, searched, sourceIP, type Event, type Filters } from './events';

const shows = [
  { value: 'changes', label: 'Changes only' },
  { value: 'all', label: 'All events' },
];

export default function Events() {
  const [search, setSearch] = useSearchParams();
  const filters: Filters = {
    user: search.get('user') ?? '',
    event: search.get('event') ?? '',
    from: search.get('from') ?? '',
    to: search.get('to') ?? '',
  };
  const show = shows.find(({ value }) => value === search.get('show')) ?? shows[0]!;
  const changesOnly = show.value === 'changes';
  const [open, setOpen] = useState<Event>();
  const events = usePages(
    async (Marker) => {
      const lookup = (from?: string) =>
        call<{ Events: Event[]; Marker?: string }>('LookupEvents', { ...query(filters), Marker: from, MaxItems: pageSize });
      const page = await (changesOnly ? changes(lookup, Marker) : lookup(Marker));
      return { items: page.Events, marker: page.Marker };
    },
    [search.toString()],
  );
  const setFilters = (next: Filters, showing = show.value) =>
    setSearch(
      Object.fromEntries(
        Object.entries({ ...next, show: showing === 'all' ? 'all' : '' }).filter(([, value]) => value !== ''),
      ),
      { replace: true },
    );
  // A page of changes that has room left and another one after it: the search stopped before the end of the trail.
  const cut = changesOnly && !events.loading && !events.error && events.items.length < pageSize && events.page < events.pages;

  return (
    <Page title="Event history" description="Who did what and when: sign-ins, changes, and what was refused.">
      <SpaceBetween size="m">
        <EventFilters key={JSON.stringify(filters)} filters={filters} onChange={(next) => setFilters(next)} />
        <ListTable<Event>
          title="Events"
          source={events}
          id={(e) => e.EventId}
          columns={[
            { id: 'time', header: 'Event time', cell: (e) => exact(e.EventTime) },
            {
              id: 'event',
              header: 'Event name',
              isRowHeader: true,
              cell: (e) => (
                <Link href="#" onFollow={(follow) => (follow.preventDefault(), setOpen(e))} ariaLabel={`${e.EventName}: show the record`}>
                  {e.EventName}
                </Link>
              ),
            },
            { id: 'user', header: 'User', cell: (e) => e.UserName || actor(e) },
            { id: 'ip', header: 'Source IP', cell: (e) => sourceIP(e) || '-' },
            { id: 'error', header: 'Error code', cell: (e) => (errorCode(e) ? <Box color="text-status-error">{errorCode(e)}</Box> : '-') },
          ]}
          description={
            cut ? `${searched} events were searched for this page; the following page looks further back.` : undefined
          }
          filter={
            <Select
              ariaLabel="Events to show"
              selectedOption={show}
              options={shows}
              onChange={({ detail }) => setFilters(filters, detail.selectedOption.value)}
            />
          }
          actions={<Button iconName="refresh" ariaLabel="Refresh" onClick={events.reload} />}
          empty={changesOnly ? 'No change matches. Reads are hidden; “All events” shows them as well.' : 'No event matches.'}
        />
      </SpaceBetween>
      {open && <EventRecord event={open} onDismiss={() => setOpen(undefined)} />}
    </Page>
  );
}

/** To the second: the order of events matters. */
const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const exact = (time: string) => format.format(new Date(time));
