// The links at the left, in the order of the guides.
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation';
import { useLocation } from 'react-router';

const items: SideNavigationProps.Item[] = [
  { type: 'link', text: 'Dashboard', href: '/' },
  {
    type: 'section-group',
    title: 'Access management',
    items: [
      { type: 'link', text: 'User groups', href: '/groups' },
      { type: 'link', text: 'Users', href: '/users' },
      { type: 'link', text: 'Roles', href: '/roles' },
      { type: 'link', text: 'Policies', href: '/policies' },
      { type: 'link', text: 'Account settings', href: '/account' },
    ],
  },
  {
    type: 'section-group',
    title: 'Access reports',
    items: [
      { type: 'link', text: 'Credential report', href: '/credential-report' },
      { type: 'link', text: 'MFA coverage', href: '/coverage' },
      { type: 'link', text: 'Event history', href: '/events' },
    ],
  },
];

const hrefs = ['/groups', '/users', '/roles', '/policies', '/account', '/credential-report', '/coverage', '/events'];

export const isInNavigation = (href: string): boolean => href === '/' || hrefs.includes(href);

export function Navigation() {
  const { pathname } = useLocation();
  return (
    <SideNavigation
      header={{ text: 'Identity and access', href: '/' }}
      activeHref={hrefs.find((href) => pathname === href || pathname.startsWith(`${href}/`)) ?? pathname}
      items={items}
    />
  );
}
