// Lets plain links, Cloudscape's included, change the page without loading the app anew.
import { useCallback, type MouseEvent } from 'react';
import { useNavigate } from 'react-router';

/** The path a click should lead to inside of the app, or undefined where the browser should do what it does. */
export function innerPath(event: MouseEvent, here: Location): string | undefined {
  if (event.defaultPrevented || event.button !== 0) return undefined;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return undefined;
  const anchor = (event.target as Element).closest('a');
  const href = anchor?.getAttribute('href');
  if (!anchor || !href || href.startsWith('#') || anchor.hasAttribute('download')) return undefined;
  if (anchor.target !== '' && anchor.target !== '_self') return undefined;
  const url = new URL(href, here.href);
  if (url.protocol !== here.protocol || url.host !== here.host) return undefined;
  if (url.pathname.startsWith('/console/') || url.pathname.startsWith('/assets/')) return undefined;
  return url.pathname + url.search + url.hash;
}

/** A handler for the element around the whole shell. */
export function useInnerLinks(): (event: MouseEvent) => void {
  const navigate = useNavigate();
  return useCallback(
    (event) => {
      const path = innerPath(event, window.location);
      if (path === undefined) return;
      event.preventDefault();
      void navigate(path);
    },
    [navigate],
  );
}
