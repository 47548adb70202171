// Every page of the console and its address; each is a chunk of its own, loaded when it is first shown.
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

type Entry = { path: string; Component: LazyExoticComponent<ComponentType> };

export const SignIn = lazy(() => import('./pages/signin'));

const AssignMFA = lazy(() => import('./pages/assign-mfa'));

export const routes: Entry[] = [
  { path: '/', Component: lazy(() => import('./pages/dashboard')) },
  { path: '/users', Component: lazy(() => import('./pages/users')) },
  { path: '/create-user', Component: lazy(() => import('./pages/create-user')) },
  { path: '/users/:name', Component: lazy(() => import('./pages/user')) },
  { path: '/users/:name/mfa/assign', Component: AssignMFA },
  { path: '/groups', Component: lazy(() => import('./pages/groups')) },
  { path: '/groups/:name', Component: lazy(() => import('./pages/group')) },
  { path: '/roles', Component: lazy(() => import('./pages/roles')) },
  { path: '/roles/:name', Component: lazy(() => import('./pages/role')) },
  { path: '/policies', Component: lazy(() => import('./pages/policies')) },
  { path: '/policies/view', Component: lazy(() => import('./pages/policy')) },
  { path: '/policies/create', Component: lazy(() => import('./pages/create-policy')) },
  { path: '/account', Component: lazy(() => import('./pages/account')) },
  { path: '/credential-report', Component: lazy(() => import('./pages/credential-report')) },
  { path: '/coverage', Component: lazy(() => import('./pages/coverage')) },
  { path: '/events', Component: lazy(() => import('./pages/events')) },
  { path: '/security-credentials', Component: lazy(() => import('./pages/security-credentials')) },
  { path: '/security-credentials/mfa/assign', Component: AssignMFA },
  { path: '*', Component: lazy(() => import('./pages/not-found')) },
];
