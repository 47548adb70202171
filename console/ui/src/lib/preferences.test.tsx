import { act, renderHook } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { usePreference } from './preferences';

afterEach(() => localStorage.clear());

const use = <T,>(initial: T) => renderHook(() => usePreference('test', initial)).result;

it('keeps a choice, and tells everyone who shows it', () => {
  const [one, other] = [use('a'), use('a')];
  act(() => one.current[1]('b'));
  expect(other.current[0]).toBe('b');
  expect(use('a').current[0]).toBe('b');
});

it.each([
  ['no JSON', '{', { size: 1 }],
  ['null', 'null', { size: 1 }],
  ['an array for an object', '[]', { size: 1 }],
  ['a number for a text', '1', 'text'],
])('does not trust what is stored: %s', (_, stored, initial) => {
  localStorage.setItem('sallyport.test', stored);
  expect(use<unknown>(initial).current[0]).toEqual(initial);
});

it('works for the visit where the browser forbids storage', () => {
  const forbidden = () => {
    throw new DOMException('', 'SecurityError');
  };
  vi.spyOn(Storage.prototype, 'getItem').mockImplementation(forbidden);
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(forbidden);
  const kept = use('a');
  act(() => kept.current[1]('b'));
  expect(kept.current[0]).toBe('b');
});
