import { expect, it } from 'vitest';
import { ConsoleError } from './console';
import { errorLine, errorText, hasCode } from './iam';

const answered = (name: string, more = {}) => Object.assign(new Error('Why.'), { name, $metadata: { httpStatusCode: 403 }, ...more });

it.each([
  ['an error that the SDK has no class for', answered('AccessDenied'), 'AccessDenied'],
  ['one that it has a class for', answered('NoSuchEntityException'), 'NoSuchEntity'],
  ['one whose code differs from its class', answered('CredentialReportNotPresentException', { Code: 'ReportNotPresent' }), 'ReportNotPresent'],
  ["one of the console's endpoints", new ConsoleError('AccessDenied', 'Why.', 403), 'AccessDenied'],
])('tells the code of %s', (_, error, code) => {
  expect(errorText(error)).toEqual({ code, message: 'Why.' });
  expect(hasCode(error, code)).toBe(true);
  expect(errorLine(error)).toBe(`${code}: Why.`);
});

it.each([
  ['the browser', new TypeError('Failed to fetch')],
  ["the SDK's clock", Object.assign(new Error('too late'), { name: 'TimeoutError' })],
])('calls it a network error when %s gave up', (_, error) => expect(errorText(error).code).toBe('NetworkError'));

it.each([undefined, 'a text', new Error('')])('has words for anything thrown: %s', (thrown) => {
  expect(errorText(thrown).code).not.toBe('');
});
it('nothing thrown has no code', () => expect(hasCode(undefined, 'undefined')).toBe(false));
