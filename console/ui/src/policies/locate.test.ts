import { describe, expect, it } from 'vitest';
import { place } from './json';
import { locate } from './locate';

function line(message: string, ...lines: string[]) {
  const text = lines.join('\n');
  const at = locate(message, text);
  return at === undefined ? undefined : place(text, at).line;
}

/** A document whose statements begin at the third line, one a line. */
const statements = (...all: object[]) => [
  '{"Version": "2012-10-17",',
  '"Statement": [',
  ...all.map((s, i) => JSON.stringify(s) + (i < all.length - 1 ? ',' : '')),
  ']}',
];
const good = { Sid: 'A', Effect: 'Allow', Action: 'iam:GetUser', Resource: '*' };

describe('locate', () => {
  it.each([
    ['Policy document must be version 2012-10-17 or greater.', statements(good), 1],
    ['Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.', statements(good, { ...good, Action: ['s3:*', 'GetUser'] }), 4],
    ['Vendor a a is not valid', statements(good, { ...good, NotAction: 'a a:b', Action: undefined }), 4],
    ['Actions/Condition can contain only one colon.', statements(good, { ...good, Action: 'iam:a:b' }), 4],
    ['Policy statement must contain actions.', statements(good, { ...good, Action: [] }), 4],
    ['Policy statement must contain resources.', statements(good, { ...good, Resource: undefined }), 4],
    ['Resource bucket must be in ARN format or "*".', statements(good, { ...good, Resource: 'bucket' }), 4],
    ['IAM resource arn:aws:iam:eu:1:user/a cannot contain region information.', statements(good, { ...good, Resource: 'arn:aws:iam:eu:1:user/a' }), 4],
    ['Resource arn:aws:s3:eu::b can not contain region information.', statements(good, { ...good, Resource: 'arn:aws:s3:eu::b' }), 4],
    ['Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".', statements(good, { ...good, Resource: 'arn:b:c:d:e:f:g:h' }), 4],
    ['Resource vendor must be fully qualified and cannot contain regexes.', statements(good, { ...good, Resource: 'arn:aws:s*:::b' }), 4],
    ['IAM resource path must either be "*", root, or start with user/, …', statements(good, { ...good, Resource: 'arn:aws:iam::1:thing/a' }), 4],
    ['Statement IDs (SID) in a single policy must be unique.', statements(good, { ...good, Sid: 'B' }, good), 5],
    ['Statement IDs (SID) must be alpha-numeric. Check that …', statements(good, { ...good, Sid: 'a b' }), 4],
    ['Policy document should not specify a principal.', statements(good, { ...good, Principal: '*' }), 4],
    ['The policy failed legacy parsing', statements(good, { ...good, Effect: 'allow' }), 4],
    ['The policy failed legacy parsing', statements(good, { ...good, Resource: 'arn:aws:s3' }), 4],
    ['Syntax errors in policy.', statements(good, { ...good, Actions: 'x' }), 4],
    ['Syntax errors in policy.', statements(good, { ...good, NotAction: 'x' }), 4],
    ['Syntax errors in policy.', statements(good, { ...good, Effect: 'Permit' }), 4],
    ['Syntax errors in policy.', statements(good, { ...good, Effect: undefined }), 4],
    ['Syntax errors in policy.', ['{', '"Statements": []', '}'], 2],
    ['AssumeRole policy may only specify STS AssumeRole actions.', statements({ ...good, Action: 'sts:AssumeRole' }, good), 4],
    ['Has prohibited field Resource', statements(good), 3],
    ['Missing required field Principal', statements({ ...good, Principal: '*' }, good), 4],
    ['Invalid effect: allow', statements(good, { ...good, Effect: 'allow' }), 4],
    ['Invalid principal in policy: "AWS":"arn:aws:iam::1:user/x"', statements(good, { ...good, Principal: { AWS: 'arn:aws:iam::1:user/x' } }), 4],
  ])('%s', (message, document, want) => expect(line(message, ...document)).toBe(want));

  it('says nothing about a message that it does not know', () => {
    expect(line('Something new.', ...statements(good))).toBeUndefined();
  });

  it('points at the JSON if that is broken', () => {
    expect(line('This policy contains invalid Json', '{', '"a" 1}')).toBe(2);
  });
});
