// Event history: the audit trail, newest first, filtered by user, event and time. The filters stand in the address.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import ListTable from '../../components/ListTable';
import Page from '../../components/Page';
import { call } from '../../lib/console';
import { usePages } from '../../lib/paging';
import EventFilters from './EventFilters';
import EventRecord from './EventRecord';
import { actor, errorCode, query, sourceIP, type Event, type Filters } from './events';

export default function Events() {
  const [search, setSearch] = useSearchParams();
  const filters: Filters = {
    user: search.get('user') ?? '',
    event: search.get('event') ?? '',
    from: search.get('from') ?? '',
    to: search.get('to') ?? '',
  };
  const [open, setOpen] = useState<Event>();
  const events = usePages(
    async (Marker) => {
      const page = await call<{ Events: Event[]; Marker?: string }>('LookupEvents', { ...query(filters), Marker, MaxItems: 50 });
      return { items: page.Events, marker: page.Marker };
    },
    [search.toString()],
  );
  const setFilters = (next: Filters) =>
    setSearch(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== '')), { replace: true });

  return (
    <Page title="Event history" description="Who did what and when: sign-ins, changes, and what was refused.">
      <SpaceBetween size="m">
        <EventFilters key={search.toString()} filters={filters} onChange={setFilters} />
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
          actions={<Button iconName="refresh" ariaLabel="Refresh" onClick={events.reload} />}
          empty="No event matches."
        />
      </SpaceBetween>
      {open && <EventRecord event={open} onDismiss={() => setOpen(undefined)} />}
    </Page>
  );
}

/** To the second: the order of events matters. */
const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const exact = (time: string) => format.format(new Date(time));
