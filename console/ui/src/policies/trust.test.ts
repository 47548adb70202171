import { expect, it } from 'vitest';
import { trusted, trustTemplate } from './trust';

const allow = (Principal: unknown, more = {}) => JSON.stringify({ Statement: { Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...more } });

it.each([
  [trustTemplate('123456789012'), ['Account 123456789012, with MFA']],
  [allow({ AWS: '123456789012' }), ['Account 123456789012']],
  [allow({ AWS: ['arn:aws:iam::1:user/team/alice', 'arn:aws:iam::1:role/deploy'] }), ['User alice', 'Role deploy']],
  [allow({ AWS: 'arn:aws:sts::1:assumed-role/deploy/s' }), ['Session s of role deploy']],
  [allow({ Service: 'ec2.amazonaws.com' }), ['Service ec2.amazonaws.com']],
  [allow('*'), ['Everyone']],
  [allow({ AWS: 'AIDAEXAMPLE' }), ['AIDAEXAMPLE']],
  [allow({ AWS: '*' }, { Effect: 'Deny' }), []],
  ['not JSON', []],
  ['[]', []],
  ['null', []],
])('%s', (document, want) => expect(trusted(document)).toEqual(want));
