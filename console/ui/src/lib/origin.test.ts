import { expect, it } from 'vitest';
import { wrongOrigin } from './origin';

it('leads from another address to the same page where keys work', () => {
  expect(wrongOrigin('https://iam.example/', 'http://127.0.0.1:8080')).toEqual({
    origin: 'https://iam.example',
    page: `https://iam.example${location.pathname}${location.search}`,
  });
});

it('has nothing to say at the right address, or where none is configured', () => {
  expect(wrongOrigin('https://iam.example/', 'https://iam.example')).toBeUndefined();
  expect(wrongOrigin('', 'https://iam.example')).toBeUndefined();
});
