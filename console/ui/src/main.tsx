// The entry: React at #root, and the app in it.
import '@cloudscape-design/global-styles/index.css';
import { createRoot } from 'react-dom/client';
import App from './App';
import './app.css';

createRoot(document.getElementById('root')!).render(<App />);
