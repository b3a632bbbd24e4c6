// Links that were made: for whom, until when, used or not; one called back.
import { useState, type ReactNode } from 'react';
import type { Answer } from '../connection/account';
import { callBack, type Link } from '../connection/links';
import { Button } from '../ui/controls';
import { tell } from '../ui/frame';
import { dateTimeText, useSpeech, useWords } from '../words';
import { Came, useSay } from './administration_parts';
import './links.css';

interface LinkListProps {
    place: Parameters<typeof callBack>[0];
    answer: Answer<{ invitations: Link[] }> | undefined;
    look: () => void;
    /** What it gives. */
    gives: (link: Link) => ReactNode;
    /** What a used one gave goes when it is called back; else only nobody comes by it again. */
    takesBack: boolean;
}

export function LinkList({ place, answer, look, gives, takesBack }: LinkListProps) {
    const words = useWords();
    const say = useSay();
    const [problem, setProblem] = useState('');
    const back = async (link: Link) => {
        const found = await callBack(place, link.id);
        setProblem(found.is === 'problem' ? say(found) : '');
        if (found.is === 'done') {
            const used = takesBack ? words.links.calledBackUsed : words.links.calledBackStays;
            tell(link.state === 'used' ? used : words.links.calledBack);
        }
        look();
    };
    return (
        <Came answer={answer} again={look}>
            {({ invitations }) => (
                <>
                    {invitations.length === 0 && <p className="mute">{words.links.none}</p>}
                    <ul className="list links">
                        {invitations.map((link) => (
                            <Row
                                key={link.id}
                                link={link}
                                gives={gives(link)}
                                onBack={
                                    link.state === 'open' || link.state === 'used'
                                        ? () => void back(link)
                                        : undefined
                                }
                            />
                        ))}
                    </ul>
                    {problem !== '' && (
                        <p className="problem" role="alert">
                            {problem}
                        </p>
                    )}
                </>
            )}
        </Came>
    );
}

interface RowProps {
    link: Link;
    gives: ReactNode;
    onBack: (() => void) | undefined;
}

function Row({ link, gives, onBack }: RowProps) {
    const { words, language } = useSpeech();
    const text = words.links;
    /** Of the patient's nobody keeps a name. */
    const whom = link.name || text.role.patient;
    const when = (at: number) => dateTimeText(at * 1000, language);
    const times = [
        text.state[link.state],
        link.state === 'open' ? text.worksUntil(when(link.until)) : '',
        link.accessUntil !== undefined && (link.state === 'open' || link.state === 'used')
            ? text.accessUntil(when(link.accessUntil))
            : '',
    ];
    return (
        <li data-link={link.state}>
            <div className="grow">
                <strong>{whom}</strong>
                <div>{gives}</div>
                <div className="mute small">{times.filter(Boolean).join(' · ')}</div>
            </div>
            {onBack && (
                <Button aria-label={text.callBackNamed(whom)} onClick={onBack}>
                    {text.callBack}
                </Button>
            )}
        </li>
    );
}
