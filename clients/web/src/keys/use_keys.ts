// Keys of a page: pressed and released, never while somebody writes, never twice for a held key.
import { useEffect, useMemo, useRef } from 'react';
import { useUser } from '../state/use_client';
import { actionOf, isControlsOwn, isWriting, keyLabel, keysFrom, type Action } from './keymap';

export type KeyHandlers = Partial<Record<Action, { down: () => void; up?: () => void; repeat?: boolean }>>;

const none: ReadonlyMap<string, string> = new Map();

export function useKeyNames(): Record<Action, string> {
    const preferences = useUser((user) => user?.preferences) ?? none;
    return useMemo(() => keysFrom(preferences), [preferences]);
}

/** What is written on a button for an action. */
export function useKeyLabel(): (action: Action) => string {
    const keys = useKeyNames();
    return (action) => keyLabel(keys[action]);
}

const HELD: readonly Action[] = ['nextImage', 'previousImage', 'zoomIn', 'zoomOut'];

export function useKeys(handlers: KeyHandlers): void {
    const keys = useKeyNames();
    const present = useRef({ keys, handlers });
    present.current = { keys, handlers };
    useEffect(() => {
        const down = new Map<string, Action>();
        const onDown = (event: KeyboardEvent) => {
            if (isWriting(event.target) || document.querySelector('dialog[open]')) {
                return;
            }
            const action = actionOf(present.current.keys, event);
            const handler = action && present.current.handlers[action];
            if (!action || !handler || (event.repeat && !HELD.includes(action))) {
                return;
            }
            if (event.defaultPrevented || isControlsOwn(event.target, event.code)) {
                return;
            }
            event.preventDefault();
            down.set(event.code, action);
            handler.down();
        };
        const onUp = (event: KeyboardEvent) => {
            const action = down.get(event.code);
            down.delete(event.code);
            if (action) {
                present.current.handlers[action]?.up?.();
            }
        };
        const onBlur = () => {
            for (const action of down.values()) {
                present.current.handlers[action]?.up?.();
            }
            down.clear();
        };
        window.addEventListener('keydown', onDown);
        window.addEventListener('keyup', onUp);
        window.addEventListener('blur', onBlur);
        return () => {
            window.removeEventListener('keydown', onDown);
            window.removeEventListener('keyup', onUp);
            window.removeEventListener('blur', onBlur);
        };
    }, []);
}
