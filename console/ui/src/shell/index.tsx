// The frame around every page of a signed-in user.
import AppLayoutToolbar from '@cloudscape-design/components/app-layout-toolbar';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import { I18nProvider } from '@cloudscape-design/components/i18n';
import messages from '@cloudscape-design/components/i18n/messages/all.en';
import Spinner from '@cloudscape-design/components/spinner';
import { Suspense, useEffect } from 'react';
import { BrowserRouter, Navigate, Route, Routes, useLocation, useNavigationType } from 'react-router';
import { BreadcrumbsProvider, useShownBreadcrumbs } from '../lib/breadcrumbs';
import { FlashProvider, useFlashItems } from '../lib/flash';
import { routes } from '../routes';
import { ErrorBoundary } from './ErrorBoundary';
import { useInnerLinks } from './links';
import { isInNavigation, Navigation } from './Navigation';
import { Notices } from './Notices';
import { TopBar } from './TopBar';

export default function Shell() {
  return (
    <BrowserRouter>
      <I18nProvider locale="en" messages={[messages]}>
        <FlashProvider>
          <BreadcrumbsProvider>
            <Frame />
          </BreadcrumbsProvider>
        </FlashProvider>
      </I18nProvider>
    </BrowserRouter>
  );
}

function Frame() {
  const { pathname } = useLocation();
  useArrival(pathname);
  return (
    <div onClick={useInnerLinks()}>
      <div id="top">
        <TopBar />
      </div>
      <AppLayoutToolbar
        headerSelector="#top"
        navigation={<Navigation />}
        notifications={<Notices />}
        breadcrumbs={<Breadcrumbs />}
        toolsHide
        ariaLabels={{
          navigation: 'Console pages',
          navigationToggle: 'Open the list of pages',
          navigationClose: 'Close the list of pages',
          notifications: 'Messages',
        }}
        content={
          <ErrorBoundary resetKey={pathname}>
            <Suspense fallback={<Waiting />}>
              <Routes>
                {routes.map(({ path, Component }) => (
                  <Route key={path} path={path} element={<Component />} />
                ))}
                {/* A sign-in link that was followed while signed in. */}
                <Route path="/signin/*" element={<Navigate to="/" replace />} />
              </Routes>
            </Suspense>
          </ErrorBoundary>
        }
      />
    </div>
  );
}

/** After a navigation old messages go, and the new page starts at its top; "back" keeps the browser's own place. */
function useArrival(pathname: string) {
  const type = useNavigationType();
  const { moved } = useFlashItems();
  useEffect(() => {
    moved();
    if (type !== 'POP') window.scrollTo(0, 0);
  }, [pathname, moved]);
}

function Breadcrumbs() {
  // What the navigation links to is left out, so that each link is there once.
  const crumbs = useShownBreadcrumbs().filter(({ href }) => !isInNavigation(href));
  if (crumbs.length < 2) return null;
  return <BreadcrumbGroup ariaLabel="Breadcrumbs" items={crumbs} />;
}

function Waiting() {
  return (
    <div role="status" aria-label="Loading the page">
      <Spinner size="large" />
    </div>
  );
}
