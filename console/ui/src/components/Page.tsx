// The frame of every page: title in the tab and as h1, description, actions, breadcrumbs, and the focus after a navigation.
import ContentLayout from '@cloudscape-design/components/content-layout';
import Header from '@cloudscape-design/components/header';
import { useEffect, useRef, type ReactNode } from 'react';
import { useLocation } from 'react-router';
import { useBreadcrumbs, type Crumb } from '../lib/breadcrumbs';

type Props = {
  title: string;
  description?: ReactNode;
  /** Buttons at the right of the title. */
  actions?: ReactNode;
  /** Between "Dashboard" and this page, which are added. */
  breadcrumbs?: Crumb[];
  children?: ReactNode;
};

let shown: string | undefined; // the page whose title has had the focus; a re-render must not take it again

export default function Page({ title, description, actions, breadcrumbs, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { pathname } = useLocation();
  const page = `${pathname} ${title}`; // a wizard ends with a page of another title at its own address
  useBreadcrumbs(title, breadcrumbs);

  useEffect(() => {
    document.title = `${title} | Sallyport`;
  }, [title]);

  useEffect(() => {
    // The first page after loading leaves the focus to the browser.
    if (shown !== undefined && shown !== page) {
      const h1 = box.current?.querySelector('h1');
      h1?.setAttribute('tabindex', '-1');
      h1?.focus({ preventScroll: true });
    }
    shown = page;
  }, [page]);

  return (
    <div ref={box}>
      <ContentLayout
        header={
          <Header variant="h1" description={description} actions={actions}>
            {title}
          </Header>
        }
      >
        {children}
      </ContentLayout>
    </div>
  );
}
