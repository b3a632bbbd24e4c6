// The images of the case on the stage and of the next one. The next one is fetched while the board still
// talks; what is no longer needed is forgotten at once.
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { atLeisure } from '../ui/at_leisure';
import { CaseImages, emptyDocuments, emptyStore, openEarly, Prefetch, warmViewer } from '../viewer';

export interface PrefetchState {
    item: number;
    percent: number;
}

interface Wanted {
    item: number;
    patientCase: string;
}

/** The stage gets the line first: prefetching begins when this case has had time to paint. */
const PREFETCH_AFTER_MS = 1000;

/** Of a case that is being opened, until who shows it takes them. */
let begun: CaseImages | undefined;

/** Asks for a case's first images before the case itself has come; only for who may see them. */
export function useEarlyImages(patientCase: string, clinical: boolean): void {
    const asked = useRef('');
    // While it is drawn: an effect would come after what it waits for was asked for.
    if (clinical && asked.current !== patientCase) {
        asked.current = patientCase;
        begun?.close();
        begun = openEarly(patientCase);
    }
    useEffect(
        () => () => {
            if (begun?.patientCase === patientCase) {
                begun.close();
                begun = undefined;
                emptyStore();
            }
        },
        [patientCase],
    );
}

function takeBegun(patientCase: string): CaseImages | undefined {
    const taken = begun?.patientCase === patientCase && !begun.closed ? begun : undefined;
    begun = taken ? undefined : begun;
    return taken;
}

/** `seenAs`: in whose eyes; whatever changes it, all is fetched anew. */
export function useImages(
    current: string | undefined,
    next: Wanted | undefined,
    onPrefetch: (state: PrefetchState) => void,
    seenAs: string,
): { images: CaseImages | undefined; prefetch: PrefetchState | undefined } {
    const [images, setImages] = useState<CaseImages>();
    const [prefetch, setPrefetch] = useState<PrefetchState>();
    const ready = useRef<Prefetch | undefined>(undefined);
    const tell = useRef(onPrefetch);
    tell.current = onPrefetch;

    const lastSeenAs = useRef(seenAs);
    // Before the page is shown: a case is not drawn without its images first.
    useLayoutEffect(() => {
        if (current === undefined) {
            setImages(undefined);
            emptyStore(ready.current?.images.patientCase);
            emptyDocuments();
            return undefined;
        }
        const same = lastSeenAs.current === seenAs;
        const fetched =
            same && ready.current?.images.patientCase === current
                ? ready.current.images
                : undefined;
        const opened = fetched ?? takeBegun(current) ?? new CaseImages(current);
        if (!fetched) {
            ready.current?.images.close();
        }
        ready.current?.close();
        ready.current = undefined;
        emptyStore(same ? current : undefined);
        emptyDocuments();
        setImages(opened);
        return () => opened.close();
    }, [current, seenAs]);

    // While the agenda is all there is to see, whoever comes first.
    useEffect(() => (current === undefined ? atLeisure(() => void warmViewer()) : undefined), [current]);

    const nextCase = next?.patientCase;
    const nextItem = next?.item;
    useEffect(() => {
        const same = lastSeenAs.current === seenAs;
        lastSeenAs.current = seenAs;
        if (nextCase === undefined || nextItem === undefined || nextCase === current) {
            setPrefetch(undefined);
            ready.current?.close();
            ready.current = undefined;
            return;
        }
        if (
            same &&
            ready.current?.images.patientCase === nextCase &&
            ready.current.item === nextItem
        ) {
            return; // between two cases the next one stays the next one
        }
        ready.current?.close();
        const running = new Prefetch(nextCase, nextItem);
        ready.current = running;
        let last = -1;
        running.start(PREFETCH_AFTER_MS, (percent: number) => {
            if (percent !== last && ready.current === running) {
                last = percent;
                const state = { item: nextItem, percent };
                setPrefetch(state);
                tell.current(state);
            }
        });
    }, [nextCase, nextItem, current, seenAs]);

    useEffect(
        () => () => {
            ready.current?.close();
            ready.current = undefined;
            emptyStore();
            emptyDocuments();
        },
        [],
    );
    return { images, prefetch };
}
