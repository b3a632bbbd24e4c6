// A value that components watch. Selectors keep a change of one part from drawing the others.
import { useRef, useSyncExternalStore } from 'react';

export class Store<T> {
    private value: T;
    private readonly watchers = new Set<() => void>();

    constructor(value: T) {
        this.value = value;
    }

    get = (): T => this.value;

    set(value: T): void {
        if (!Object.is(value, this.value)) {
            this.value = value;
            for (const watcher of [...this.watchers]) {
                watcher();
            }
        }
    }

    watch = (watcher: () => void): (() => void) => {
        this.watchers.add(watcher);
        return () => {
            this.watchers.delete(watcher);
        };
    };
}

function same(a: unknown, b: unknown): boolean {
    if (Object.is(a, b)) {
        return true;
    }
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) {
        return false;
    }
    return a.every((value, index) => Object.is(value, b[index]));
}

/** Part of a store; lists are equal when their members are. */
export function useStore<T, R>(store: Store<T>, select: (value: T) => R): R {
    const last = useRef<{ value: R } | undefined>(undefined);
    return useSyncExternalStore(store.watch, () => {
        const value = select(store.get());
        if (last.current && same(last.current.value, value)) {
            return last.current.value;
        }
        last.current = { value };
        return value;
    });
}
