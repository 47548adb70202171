import { act, renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { FlashProvider, useFlash, useFlashItems } from './flash';

it('keeps a message for the page after the one that gave it, and no longer', () => {
  const { result } = renderHook(() => ({ flash: useFlash(), shown: useFlashItems() }), { wrapper: FlashProvider });
  act(() => result.current.flash({ type: 'success', content: 'made' }));
  act(() => result.current.shown.moved());
  expect(result.current.shown.items.map(({ content }) => content)).toEqual(['made']);
  act(() => result.current.shown.moved());
  expect(result.current.shown.items).toEqual([]);
});
