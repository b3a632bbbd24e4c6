// What the parts of the administration share: lists read from the server, page by page, and problems in words.
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import type { Answer, Problem } from '../connection/account';
import { ROOT, type Organisation } from '../connection/administration';
import { Button, Notice } from '../ui/controls';
import { useWords, type Words } from '../words';

/** What the server has, read again when asked; undefined while it is on its way. */
export function useRead<T>(ask: () => Promise<Answer<T>>) {
    const [answer, setAnswer] = useState<Answer<T>>();
    const look = useCallback(() => {
        let gone = false;
        void ask().then((found) => gone || setAnswer(found));
        return () => {
            gone = true;
        };
    }, [ask]);
    useEffect(() => {
        setAnswer(undefined);
        return look();
    }, [look]);
    return { answer, look };
}

/** A list that comes page by page; `next` says after which id the next one begins. */
export function usePages<T extends { id: string }>(
    ask: (after?: string) => Promise<Answer<{ list: T[]; more: boolean }>>,
) {
    const first = useCallback(() => ask(), [ask]);
    const { answer, look } = useRead(first);
    const [rest, setRest] = useState<{ list: T[]; more: boolean }>();
    useEffect(() => setRest(undefined), [answer]);
    const list = answer?.is === 'done' ? [...answer.body.list, ...(rest?.list ?? [])] : [];
    const more = rest ? rest.more : answer?.is === 'done' && answer.body.more;
    const next = async () => {
        const found = await ask(list.at(-1)?.id);
        if (found.is === 'done') {
            setRest({ list: [...(rest?.list ?? []), ...found.body.list], more: found.body.more });
        }
    };
    return { answer, list, more, next, look };
}

/** Says a problem of these pages in the reader's words. */
export function useSay(): (problem: Problem) => string {
    const words = useWords();
    return ({ word, seconds }) =>
        word === 'too_many_attempts'
            ? words.tooManyAttempts(seconds)
            : (words.administration.problem[word] ??
              words.account.problem[word] ??
              words.account.problemElse);
}

/** Words while something is on its way, or did not come; otherwise what came. */
export function Came<T>({
    answer,
    again,
    children,
}: {
    answer: Answer<T> | undefined;
    again: () => void;
    children: (body: T) => ReactNode;
}) {
    const words = useWords();
    if (answer === undefined) {
        return <p className="mute">{words.loading}</p>;
    }
    if (answer.is === 'problem') {
        return (
            <Notice title={words.administration.away} help={words.administration.awayHelp}>
                <Button look="primary" onClick={again}>
                    {words.tryAgain}
                </Button>
            </Notice>
        );
    }
    return children(answer.body);
}

export const organisationName = (words: Words, one: Organisation): string =>
    one.name || (one.id === ROOT ? words.administration.root : one.id.slice(0, 8));
