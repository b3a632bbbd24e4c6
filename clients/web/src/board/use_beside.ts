// When what stands beside the images is drawn: three people on two processors wait for images first.
import { startTransition, useCallback, useEffect, useState } from 'react';
import type { StageHands } from './use_stage';

/** Who waits for images longer than the banner names the patient reads about the case meanwhile. */
const BESIDE_AT_MOST_MS = 1000;
/** The presenter's layout comes right after the case: its images are not kept waiting either. */
const BESIDE_AFTER_MS = 150;

/** Code that ran once in this page is fast: only its first case draws them later. */
let drawnBefore = false;

/** Whether tools and tabs are drawn: after the case's images, which everybody waits for, or with none to come. */
export function useBeside(hands: StageHands | undefined, withheld: boolean): [boolean, () => void] {
    const [shown, setShown] = useState(drawnBefore);
    const show = useCallback(() => {
        drawnBefore = true;
        setShown(true);
    }, []);
    useEffect(() => {
        const timer = window.setTimeout(show, BESIDE_AT_MOST_MS);
        return () => window.clearTimeout(timer);
    }, [show]);
    useEffect(() => {
        let timer = 0;
        const unwatch = hands?.controller.painted.whenPainted(() => {
            window.clearTimeout(timer);
            timer = window.setTimeout(() => startTransition(show), BESIDE_AFTER_MS);
        });
        return () => {
            window.clearTimeout(timer);
            unwatch?.();
        };
    }, [hands, show]);
    return [shown || withheld, show];
}
