// What meets a changed token is asked once more, and no more than that.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchAgain, ticket } from './http';

const answers = (...statuses: number[]) => {
    const asked = vi.fn<typeof fetch>();
    for (const status of statuses) {
        asked.mockResolvedValueOnce(new Response(JSON.stringify({ ticket: 't' }), { status }));
    }
    vi.stubGlobal('fetch', asked);
    return asked;
};

afterEach(() => {
    vi.unstubAllGlobals();
});

describe('a_request', () => {
    it('that_comes_with_the_token_before_is_asked_once_more', async () => {
        const asked = answers(401, 200);
        expect((await fetchAgain('/api/picture')).status).toBe(200);
        expect(asked).toHaveBeenCalledTimes(2);
    });

    it('of_somebody_who_is_signed_out_is_refused_after_that', async () => {
        const asked = answers(401, 401, 200);
        expect(await ticket()).toBeUndefined();
        expect(asked).toHaveBeenCalledTimes(2);
    });

    it('that_is_refused_for_another_reason_is_not_repeated', async () => {
        const asked = answers(403, 200);
        expect((await fetchAgain('/api/picture')).status).toBe(403);
        expect(asked).toHaveBeenCalledTimes(1);
    });

    it('that_nobody_waits_for_any_more_is_not_repeated', async () => {
        const asked = answers(401, 200);
        const stop = new AbortController();
        const asking = fetchAgain('/api/picture', { signal: stop.signal });
        stop.abort();
        await expect(asking).rejects.toThrow();
        expect(asked).toHaveBeenCalledTimes(1);
    });
});
