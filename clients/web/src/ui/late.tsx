// A page whose code comes when it is asked for. React's own `lazy` would do, but what hides behind its Suspense
// stays hidden for 300 ms after the words that somebody waits, though it is there and its board has come.
import { createElement, useEffect, useState, type ComponentType } from 'react';
import { useWords } from '../words';
import { Notice } from './controls';

export function late<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
    let loaded: ComponentType<P> | undefined;
    return function Late(props: P) {
        const words = useWords();
        const [page, setPage] = useState<ComponentType<P> | undefined>(() => loaded);
        useEffect(() => {
            load().then(
                (found) => {
                    loaded = found;
                    setPage(() => found);
                },
                (error: unknown) =>
                    setPage(() => {
                        throw error; // where a broken page is caught
                    }),
            );
        }, []);
        return page ? createElement(page, props) : <Notice title={words.loading} />;
    };
}
