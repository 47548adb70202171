import { expect, it } from 'vitest';
import { actor, errorCode, query, type Event } from './events';

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
