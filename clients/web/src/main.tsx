import '@fontsource-variable/inter';
import './ui/tokens.css';
import './ui/base.css';
import './pages/pages.css';
import './pages/account.css';
import { createRoot } from 'react-dom/client';
import { App } from './app';

const root = document.getElementById('root');
if (root) {
    createRoot(root).render(<App />);
}
