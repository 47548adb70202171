import { expect, it } from 'vitest';
import { actor, changes, errorCode, pageSize, query, searched, type Event } from './events';

const event = (Record: object): Event => ({ EventId: '1', EventTime: '', EventName: '', UserName: '', Record: Record as Event['Record'] });

it('leaves out filters that are empty or no time', () => {
  expect(query({ user: ' ', event: '', from: 'yesterday', to: '' })).toEqual({});
  const local = '2026-01-02T03:04';
  expect(query({ user: 'alice ', event: 'GetUser', from: local, to: '' })).toEqual({
    UserName: 'alice',
    EventName: 'GetUser',
    StartTime: new Date(local).toISOString(),
  });
});

it('finds why an event failed', () => {
  expect(errorCode(event({ errorCode: 'AccessDenied' }))).toBe('AccessDenied');
  expect(errorCode(event({ errorMessage: 'Failed authentication', responseElements: { ConsoleLogin: 'Failure' } }))).toBe('Failed authentication');
  expect(errorCode(event({ responseElements: { ConsoleLogin: 'Success' } }))).toBe('');
  expect(errorCode(event({ responseElements: null }))).toBe('');
});

it('names who acted if it was no user', () => {
  expect(actor(event({ userIdentity: { type: 'Root', arn: 'arn:aws:iam::1:root' } }))).toBe('root');
  expect(actor(event({ userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::1:assumed-role/deploy/s' } }))).toBe('deploy/s');
  expect(actor(event({}))).toBe('-');
});

const answers = (readOnly: (n: number) => boolean, last = Infinity) => {
  let asked = 0;
  return async (marker = '0') => {
    asked++;
    const first = Number(marker);
    const Events = Array.from({ length: pageSize }, (_, i) => event({ readOnly: readOnly(first + i) }));
    return { Events, Marker: asked < last ? String(first + pageSize) : undefined };
  };
};

it('collects changes until a page is full', async () => {
  const { Events, Marker } = await changes(answers((n) => n % 2 === 0));
  expect(Events).toHaveLength(pageSize);
  expect(Marker).toBe(String(2 * pageSize));
});

it('stops the search for changes after a bounded number of reads, and can go on from there', async () => {
  expect(await changes(answers(() => true), '0')).toEqual({ Events: [], Marker: String(searched) });
});

it('ends with the trail', async () => {
  expect((await changes(answers((n) => n > 0, 1))).Marker).toBeUndefined();
});
