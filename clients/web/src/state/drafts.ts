// What a person has begun to write about a case and not sent yet. It is found again when they look at that
// case again, is nowhere but in the memory of this window, and goes when they sign out.
import { useSyncExternalStore } from 'react';
import { useSession } from './use_client';

export class Drafts {
    private readonly kept = new Map<string, unknown>();
    private readonly watchers = new Set<() => void>();

    get = (key: string): unknown => this.kept.get(key);

    /** `undefined` forgets it. */
    put(key: string, value: unknown): void {
        if (value === undefined) {
            this.kept.delete(key);
        } else {
            this.kept.set(key, value);
        }
        this.tell();
    }

    clear(): void {
        this.kept.clear();
        this.tell();
    }

    watch = (watcher: () => void): (() => void) => {
        this.watchers.add(watcher);
        return () => {
            this.watchers.delete(watcher);
        };
    };

    private tell(): void {
        for (const watcher of [...this.watchers]) {
            watcher();
        }
    }
}

/** The draft under one key, of which only one kind of value is ever kept. */
export function useDraft<T>(key: string): [T | undefined, (value: T | undefined) => void] {
    const { drafts } = useSession().client;
    const value = useSyncExternalStore(drafts.watch, () => drafts.get(key) as T | undefined);
    return [value, (next) => drafts.put(key, next)];
}
