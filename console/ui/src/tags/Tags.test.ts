import { expect, it } from 'vitest';
import { difference } from './Tags';

it('sends what is new or changed, and takes away what is gone', () => {
  const before = [
    { Key: 'kept', Value: '1' },
    { Key: 'changed', Value: '1' },
    { Key: 'gone', Value: '' },
  ];
  const after = [
    { Key: 'changed', Value: '2' },
    { Key: 'kept', Value: '1' },
    { Key: 'new', Value: '' },
  ];
  expect(difference(before, after)).toEqual({
    changed: [
      { Key: 'changed', Value: '2' },
      { Key: 'new', Value: '' },
    ],
    removed: ['gone'],
  });
});
