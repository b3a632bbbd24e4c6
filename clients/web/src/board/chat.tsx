// The conversation about one case. It belongs to the case, not to the meeting.
import { memo, useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import { unreadCount, type CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { useModel, useSession, useUser } from '../state/use_client';
import { Button } from '../ui/controls';
import { refusalText } from '../ui/refusal';
import { timeText, useSpeech } from '../words';

interface ChatProps {
    actor: CaseActor;
    me: string;
    mayWrite: boolean;
    nameOf: (user: string) => string;
}

const noMessages: CaseModel['messages'] = [];

export function useUnread(actor: CaseActor, me: string): number {
    const readTo = useUser((user) => user?.readMarks.get(actor.id) ?? 0);
    return useModel(actor, (model) => (model ? unreadCount(model, readTo, me) : 0));
}

interface Unsent {
    id: number;
    text: string;
    problem: string;
}

/** Read marks are few: one for what came while the chat was in view. */
const MARK_MS = 800;

export const Chat = memo(function Chat({ actor, me, mayWrite, nameOf }: ChatProps) {
    const { words, language } = useSpeech();
    const messages = useModel(actor, (model) => model?.messages) ?? noMessages;
    const [unsent, setUnsent] = useState<Unsent[]>([]);
    const end = useRef<HTMLDivElement>(null);
    useReadMark(actor, me, messages);
    const count = messages.length + unsent.length;
    useEffect(() => {
        // Newer browsers answer with a promise, which is no clean-up.
        void end.current?.scrollIntoView({ block: 'end' });
    }, [count]);

    const send = async (text: string) => {
        const id = Date.now();
        setUnsent((list) => [...list, { id, text, problem: '' }]);
        const outcome = await actor.command({ type: 'PostMessage', text });
        const problem = refusalText(words, outcome);
        setUnsent((list) =>
            problem === undefined
                ? list.filter((one) => one.id !== id)
                : list.map((one) => (one.id === id ? { ...one, problem } : one)),
        );
    };
    return (
        <div className="chat">
            <div
                className="messages"
                role="log"
                aria-label={words.chatRegion}
                aria-live="polite"
                tabIndex={0}
            >
                {count === 0 && <p className="mute">{words.chatEmpty}</p>}
                <ol>
                {messages.map((message) => (
                    <li key={message.message} className={message.by === me ? 'own' : undefined}>
                        <span className="by">{nameOf(message.by)}</span>
                        <time className="mute">{timeText(message.at, language)}</time>
                        <p>{message.text}</p>
                    </li>
                ))}
                {unsent.map((message) => (
                    <li key={message.id} className="own unsent">
                        <span className="by">{nameOf(me)}</span>
                        <span className={message.problem === '' ? 'mute' : 'problem'}>
                            {message.problem === '' ? words.chatSending : words.chatFailed}
                        </span>
                        <p>{message.text}</p>
                        {message.problem !== '' && <p className="problem">{message.problem}</p>}
                    </li>
                ))}
                </ol>
                <div ref={end} />
            </div>
            {mayWrite && <Writing send={send} />}
        </div>
    );
});

const MESSAGE_MAX = 1000;

function Writing({ send }: { send: (text: string) => Promise<void> }) {
    const { words } = useSpeech();
    const [text, setText] = useState('');
    const submit = (event: { preventDefault: () => void }) => {
        event.preventDefault();
        const ready = text.trim();
        if (ready !== '') {
            setText('');
            void send(ready);
        }
    };
    return (
        <form className="writing" onSubmit={(event: FormEvent) => submit(event)}>
            <textarea
                className="input"
                rows={2}
                maxLength={MESSAGE_MAX}
                placeholder={words.chatPlaceholder}
                aria-label={words.chatPlaceholder}
                value={text}
                onChange={(event) => setText(event.target.value)}
                onKeyDown={(event: KeyboardEvent) => {
                    if (event.key === 'Enter' && !event.shiftKey) {
                        submit(event);
                    }
                }}
            />
            <Button type="submit" disabled={text.trim() === ''}>
                {words.send}
            </Button>
        </form>
    );
}

function useReadMark(actor: CaseActor, me: string, messages: CaseModel['messages']): void {
    const { client } = useSession();
    const unread = useUnread(actor, me);
    const last = messages[messages.length - 1]?.version ?? 0;
    useEffect(() => {
        if (unread === 0 || document.visibilityState !== 'visible') {
            return undefined;
        }
        const timer = window.setTimeout(() => {
            void client.user.command({ type: 'MarkRead', patientCase: actor.id, version: last });
        }, MARK_MS);
        return () => window.clearTimeout(timer);
    }, [client, actor, unread, last]);
}
