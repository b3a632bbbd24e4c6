// Addresses and the browser's own history.
import { useSyncExternalStore } from 'react';

export const administrationSections = ['people', 'accesses', 'cases', 'system'] as const;
export type AdministrationSection = (typeof administrationSections)[number];

export type Route =
    | { page: 'home' }
    | { page: 'board'; id: string }
    | { page: 'minutes'; id: string }
    | { page: 'case'; id: string }
    | { page: 'images'; id: string }
    | { page: 'new_case' }
    | { page: 'series'; id: string }
    | { page: 'new_series' }
    | { page: 'case_accesses'; id: string }
    | { page: 'consent'; id: string }
    | { page: 'held'; id: string }
    | { page: 'accesses' }
    | { page: 'account' }
    | { page: 'display' }
    | { page: 'administration'; section: AdministrationSection }
    | { page: 'invitation' }
    | { page: 'nowhere' };

const pages: Record<
    string,
    'board' | 'minutes' | 'case' | 'images' | 'case_accesses' | 'consent' | 'held' | 'series'
> = {
    'boards/': 'board',
    'boards/minutes': 'minutes',
    'cases/': 'case',
    'cases/images': 'images',
    'cases/accesses': 'case_accesses',
    'cases/consent': 'consent',
    'cases/held': 'held',
    'series/': 'series',
};

const watchers = new Set<() => void>();

export function readRoute(path: string): Route {
    const [, first = '', second = '', third = ''] = path.split('/');
    const isId = /^[0-9a-f-]{36}$/i.test(second);
    if (first === '') {
        return { page: 'home' };
    }
    if (second === 'new' && third === '') {
        return first === 'cases'
            ? { page: 'new_case' }
            : first === 'series'
              ? { page: 'new_series' }
              : { page: 'nowhere' };
    }
    if ((first === 'display' || first === 'accesses' || first === 'account') && second === '') {
        return { page: first };
    }
    if (first === 'invitation' && second === '') {
        return { page: first };
    }
    const section = administrationSections.find((one) => one === (second || 'people'));
    if (first === 'administration' && section && third === '') {
        return { page: first, section };
    }
    const page = isId ? pages[`${first}/${third}`] : undefined;
    return page ? { page, id: second.toLowerCase() } : { page: 'nowhere' };
}

export function go(path: string): void {
    window.history.pushState(null, '', path);
    for (const watcher of watchers) {
        watcher();
    }
}

function watch(watcher: () => void): () => void {
    watchers.add(watcher);
    window.addEventListener('popstate', watcher);
    return () => {
        watchers.delete(watcher);
        window.removeEventListener('popstate', watcher);
    };
}

export const usePath = (): string => useSyncExternalStore(watch, () => window.location.pathname);

/** The same session on a second monitor. */
export const isSecondWindow = (): boolean =>
    new URLSearchParams(window.location.search).get('window') === '2';

/** For links: stays in this page unless the person asks for another tab. */
export function follow(event: {
    metaKey: boolean;
    ctrlKey: boolean;
    shiftKey: boolean;
    button: number;
    preventDefault: () => void;
    currentTarget: HTMLAnchorElement;
}): void {
    if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
        event.preventDefault();
        go(event.currentTarget.pathname);
    }
}
