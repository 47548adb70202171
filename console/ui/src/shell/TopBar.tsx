// The bar at the top: the product, light or dark, and who is signed in.
import TopNavigation from '@cloudscape-design/components/top-navigation';
import { useNavigate } from 'react-router';
import { useMode } from '../lib/mode';
import { useSession, type SessionState } from '../lib/session';
import { useSignOut } from '../lib/signout';

export function TopBar() {
  const { state } = useSession();
  const { dark, toggle } = useMode();
  const navigate = useNavigate();
  // Whoever signs in next, perhaps somebody else, begins at the dashboard.
  const signOut = useSignOut(() => void navigate('/'));
  const mode = dark ? 'Light mode' : 'Dark mode';

  return (
    <TopNavigation
      identity={{ title: 'Sallyport', href: '/', logo: { src: '/favicon.svg', alt: 'Emblem' } }}
      utilities={[
        {
          type: 'button',
          iconSvg: dark ? <Sun /> : <Moon />,
          text: mode,
          ariaLabel: mode,
          title: mode,
          disableUtilityCollapse: false,
          onClick: toggle,
        },
        {
          type: 'menu-dropdown',
          text: userLabel(state),
          iconName: 'user-profile',
          items: [
            { id: 'credentials', text: 'Security credentials', href: '/security-credentials' },
            { id: 'signout', text: 'Sign out' },
          ],
          onItemFollow: (event) => {
            event.preventDefault();
            if (event.detail.href) void navigate(event.detail.href);
          },
          onItemClick: ({ detail }) => {
            if (detail.id === 'signout') void signOut();
          },
        },
      ]}
    />
  );
}

/** "alice @ example", by the account's alias where it has one; root by the e-mail. */
function userLabel({ user }: SessionState): string {
  if (!user) return '';
  const name = user.kind === 'root' ? user.email : user.name;
  return `${name} @ ${user.alias || user.account}`;
}

function Sun() {
  return (
    <svg viewBox="0 0 16 16" focusable="false" aria-hidden="true">
      <circle cx="8" cy="8" r="3" fill="none" />
      <path d="M8 0v3M8 13v3M0 8h3M13 8h3M2.5 2.5l2 2M11.5 11.5l2 2M13.5 2.5l-2 2M4.5 11.5l-2 2" />
    </svg>
  );
}

function Moon() {
  return (
    <svg viewBox="0 0 16 16" focusable="false" aria-hidden="true">
      <path d="M13.5 10A6 6 0 0 1 6 2.5a6 6 0 1 0 7.500 7.500z" fill="none" />
    </svg>
  );
}
