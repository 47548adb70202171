// What the event history asks for and shows of a CloudTrail record.

export type Event = { EventId: string; EventTime: string; EventName: string; UserName: string; Record: Record<string, unknown> };

/** As they stand in the address; times as datetime-local inputs have them, in the browser's time zone. */
export type Filters = { user: string; event: string; from: string; to: string };

/** Rows of a page and events of an answer; a page of changes may hold more than that, since answers are not cut. */
export const pageSize = 50;
/** How many answers are asked for to fill one page with changes. */
const mostAnswers = 10;
/** The most events that are looked at for one page. */
export const searched = pageSize * mostAnswers;

type EventPage = { Events: Event[]; Marker?: string };

/** Collects events that change something until a page is full, the trail ends or enough was searched. */
export async function changes(lookup: (marker?: string) => Promise<EventPage>, marker?: string): Promise<EventPage> {
  const found: Event[] = [];
  for (let answers = 0; answers < mostAnswers; answers++) {
    const page = await lookup(marker);
    found.push(...page.Events.filter(({ Record }) => Record.readOnly !== true));
    marker = page.Marker;
    if (!marker || found.length >= pageSize) break;
  }
  return { Events: found, Marker: marker };
}

/** The input of LookupEvents for the filters; what is empty or not a time is left out. */
export function query({ user, event, from, to }: Filters): Record<string, string> {
  const wanted = { UserName: user.trim(), EventName: event.trim(), StartTime: instant(from), EndTime: instant(to) };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
}

function instant(local: string): string {
  const time = new Date(local);
  return local === '' || Number.isNaN(time.getTime()) ? '' : time.toISOString();
}

export function sourceIP({ Record }: Event): string {
  return text(Record.sourceIPAddress);
}

export function errorCode({ Record }: Event): string {
  if (Record.errorCode !== undefined) return text(Record.errorCode);
  // A failed ConsoleLogin has no code, but says so in its answer.
  const answer = object(Record.responseElements);
  return answer.ConsoleLogin === 'Failure' ? text(Record.errorMessage) || 'Failure' : '';
}

/** Who acted, where it was no IAM user: root, a role's session. */
export function actor({ Record }: Event): string {
  const identity = object(Record.userIdentity);
  const arn = text(identity.arn);
  if (identity.type === 'Root') return 'root';
  return arn.slice(arn.indexOf('/') + 1) || text(identity.userName) || '-';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
