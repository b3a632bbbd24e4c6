// @vitest-environment happy-dom
// What is loaded late is shown at once: no timer of anybody's runs in this test.
import { createElement, type ComponentType } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, test, vi } from 'vitest';
import { late } from './late';

// Before React takes its own timers.
vi.hoisted(() => vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] }));

/** React's own turns, without its `act`, which leaves out what React waits for on purpose. */
const turns = async () => {
    for (let turn = 0; turn < 20; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
    }
};

test('a page that has come is at once where it was waited for', async () => {
    const host = document.body.appendChild(document.createElement('div'));
    const root = createRoot(host);
    let come: (page: ComponentType<{ id: string }>) => void = () => undefined;
    const page = late(() => new Promise<ComponentType<{ id: string }>>((resolve) => (come = resolve)));
    root.render(createElement(page, { id: '7' }));
    await turns();
    expect(host.textContent).toContain('Loading');
    come(({ id }) => `page ${id}`);
    await turns();
    expect(host.textContent).toBe('page 7');
    root.unmount();
});
