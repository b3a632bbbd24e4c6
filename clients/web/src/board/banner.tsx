// Names the new patient until the first image of that case is painted, and at least for a second: nobody
// speaks about the case before while the next one's pictures appear.
import { useEffect, useState } from 'react';
import type { CaseActor } from '../state/client';
import { useModel } from '../state/use_client';
import { whoIs } from '../state/who';
import { isoDate, useWords } from '../words';
import type { StageHands } from './use_stage';

const AT_LEAST_MS = 1000;
/** A case without images must not keep its banner for ever. */
const AT_MOST_MS = 15_000;

export function Banner({
    caseActor,
    item,
    known,
    hands,
}: {
    caseActor: CaseActor;
    item: number;
    /** The name on the agenda: fetched images may be painted sooner than the case itself arrives. */
    known: string;
    hands: StageHands | undefined;
}) {
    const words = useWords();
    const subject = useModel(caseActor, (model) => model?.subject);
    const masked = useModel(caseActor, (model) => model?.masked) ?? true;
    const age = useModel(caseActor, (model) => model?.age) ?? '';
    const [seen, setSeen] = useState(false);
    const [painted, setPainted] = useState(false);
    const named = subject !== undefined || known !== '';
    useEffect(() => {
        if (!named) {
            return undefined;
        }
        const least = window.setTimeout(() => setSeen(true), AT_LEAST_MS);
        const most = window.setTimeout(() => setPainted(true), AT_MOST_MS);
        return () => {
            window.clearTimeout(least);
            window.clearTimeout(most);
        };
    }, [named]);
    useEffect(() => hands?.controller.painted.whenPainted(() => setPainted(true)), [hands]);
    if (!named || (seen && painted)) {
        return null;
    }
    const who = subject && whoIs(words, { subject, masked, age }, item);
    const about = [
        masked ? who?.age : subject?.birthDate && words.bannerBorn(isoDate(subject.birthDate)),
        subject?.sex && words.bannerSex(subject.sex),
        subject?.patientId,
    ].filter(Boolean);
    return (
        <div className="banner" role="status" aria-live="assertive" data-banner>
            <small>{words.nowShowing}</small>
            <strong>{who?.name ?? known}</strong>
            <span>{about.join(' · ')}</span>
        </div>
    );
}
