// The entry: React at #root, and the app in it. A guide to the rest of this folder:
//
//   routes.tsx    every address and its page; App.tsx chooses between sign-in and the shell by the session
//   shell/        the frame of the signed-in: top bar, navigation, messages, breadcrumbs, what a failed page shows
//   pages/NAME/   one page each, its index.tsx first; what only this page needs stands with it
//   lib/          the ways to the server – iam.ts is the wire as every SDK speaks it, console.ts the few endpoints beside
//                 it, session.tsx who is signed in – and what components ask with: requests.ts, paging.ts
//   components/   parts of any page, of no subject: Page, ListTable, Dialog, Confirm, ErrorAlert …
//   mfa/ policies/ access-keys/ sessions/ tags/ users/ deletion/   what several pages share, by its subject
//
// A request's way: a page's useAnswer or useAction (lib/requests.ts) sends a command by lib/iam.ts with the cookie and
// the CSRF token (lib/token.ts); a denial comes back as AWS's own code and message and is shown in place by ErrorAlert.
// structure.test.ts holds this shape: no page imports another, folders form no circle, nothing is exported for nobody.
import '@cloudscape-design/global-styles/index.css';
import { createRoot } from 'react-dom/client';
import App from './App';
import './app.css';

createRoot(document.getElementById('root')!).render(<App />);
