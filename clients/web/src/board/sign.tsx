// Signing: patient and side are read back, the text is the one that is signed, and what does not fit is said.
import { useState } from 'react';
import type { BoardAtRest } from '../state/board_state';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { linkOf, otherSide, tasksOf, textsOf, unanswered } from '../state/decision';
import { decisionOf } from '../state/record_state';
import { decisionForm, hashOf } from '../state/signature';
import { useCase, useModel } from '../state/use_client';
import { Button, Sheet } from '../ui/controls';
import { refusalText } from '../ui/refusal';
import type { BoardLink, Decision } from '../wire';
import { isoDate, languages, personName, useWords, wordsOf } from '../words';
import { DecisionLines, DecisionState, TaskLines } from './decision_text';
import { Signing } from './signing';

interface SignSheetProps {
    actor: CaseActor;
    board: string;
    item: number;
    open: boolean;
    onClose: () => void;
}

export function SignSheet({ actor, board, item, open, onClose }: SignSheetProps) {
    const words = useWords();
    return (
        <Sheet title={words.decision.signTitle} open={open} onClose={onClose}>
            <SignOne actor={actor} board={board} item={item} onDone={onClose} />
        </Sheet>
    );
}

interface SignOneProps {
    actor: CaseActor;
    board: string;
    item: number;
    onDone: () => void;
}

function SignOne({ actor, board, item, onDone }: SignOneProps) {
    const words = useWords();
    const model = useModel(actor, (patientCase) => patientCase);
    const decision = model && decisionOf(model, board, item);
    const link = model && linkOf(model, board);
    if (!model || !decision || !link) {
        return <p className="mute">{words.loadingCase}</p>;
    }
    if (decision.signedAt > 0) {
        return <p className="settled">{words.decision.isSigned}</p>;
    }
    return <ReadBack actor={actor} model={model} decision={decision} link={link} onDone={onDone} />;
}

interface ReadBackProps {
    actor: CaseActor;
    model: CaseModel;
    decision: Decision;
    link: BoardLink;
    onDone: () => void;
}

const sideWords = languages.map((language) => wordsOf(language).sideWords);

/** What is read back is what stood here when it was opened: a text that changes meanwhile is read again. */
function ReadBack({ actor, model, decision, link, onDone }: ReadBackProps) {
    const words = useWords();
    const { subject } = model;
    const [read, setRead] = useState(decision);
    const changed = read.revision !== decision.revision;
    const open = link.template ? unanswered(decision, link.template) : [];
    const doubt = otherSide(textsOf(decision), decision.side, sideWords);
    const name = personName(subject.name);
    const tasks = tasksOf(model, decision.decision);
    const sign = async () => {
        const content = await hashOf(decisionForm(actor.id, read, tasks));
        const outcome = await actor.command({
            type: 'SignDecision',
            decision: read.decision,
            revision: read.revision,
            patientId: subject.patientId,
            side: read.side,
            meaning: 'approved',
            content,
        });
        return refusalText(words, outcome);
    };
    return (
        <div className="stack read-back">
            <dl className="identity-read">
                <dt>{words.patient}</dt>
                <dd>
                    <strong>{name}</strong>
                    <span>
                        {[subject.birthDate && words.bornOn(isoDate(subject.birthDate)), subject.patientId]
                            .filter(Boolean)
                            .join(' · ')}
                    </span>
                </dd>
                <dt>{words.decision.side}</dt>
                <dd>
                    <strong data-side={decision.side}>{words.side[decision.side]}</strong>
                </dd>
            </dl>
            <DecisionLines decision={decision} template={link.template} />
            <TaskLines tasks={tasks} />
            <DecisionState
                decision={decision}
                nameOf={(user) => link.members.find((one) => one.user === user)?.name ?? ''}
            />
            {doubt && (
                <p className="warning" role="alert" data-warning="side">
                    {words.decision.otherSide(words.side[doubt], words.side[decision.side])}
                </p>
            )}
            {open.length > 0 && (
                <p className="warning" role="alert" data-warning="incomplete">
                    {words.decision.unanswered(open.map((field) => field.label).join(', '))}
                </p>
            )}
            {changed && (
                <p className="warning" role="alert" data-warning="changed">
                    {words.decision.changedMeanwhile}
                </p>
            )}
            {changed ? (
                <div className="row">
                    <Button look="primary" onClick={() => setRead(decision)}>
                        {words.decision.readAgain}
                    </Button>
                </div>
            ) : (
                <Signing
                    board={link.board}
                    label={words.decision.signFor(name, words.side[decision.side])}
                    disabled={open.length > 0}
                    sign={sign}
                    onSigned={onDone}
                />
            )}
        </div>
    );
}

export const unsignedOf = (board: BoardAtRest) =>
    board.items.filter((one) => one.decision === 'recorded');

interface ToSignProps {
    board: BoardAtRest;
    boardId: string;
    names: ReadonlyMap<number, string>;
    open: boolean;
    onClose: () => void;
}

/** All recorded and unsigned decisions of a meeting, signed one after the other. */
export function ToSign({ board, boardId, names, open, onClose }: ToSignProps) {
    const words = useWords();
    return (
        <Sheet title={words.decision.toSignTitle} open={open} onClose={onClose}>
            <SigningRow board={board} boardId={boardId} names={names} />
        </Sheet>
    );
}

type SigningRowProps = Omit<ToSignProps, 'open' | 'onClose'>;

function SigningRow({ board, boardId, names }: SigningRowProps) {
    const words = useWords();
    const list = unsignedOf(board);
    const [chosen, setChosen] = useState<number>();
    const now = list.find((one) => one.item === chosen) ?? list[0];
    const actor = useCase(now?.patientCase);
    if (!now) {
        return <p className="settled">{words.decision.allSigned}</p>;
    }
    return (
        <div className="stack">
            <p className="mute">{words.decision.toSign(list.length)}</p>
            {list.length > 1 && (
                <ul className="row wrap">
                    {list.map((one) => (
                        <li key={one.item}>
                            <Button
                                tight
                                aria-pressed={one === now}
                                onClick={() => setChosen(one.item)}
                            >
                                {names.get(one.item) || words.caseHidden}
                            </Button>
                        </li>
                    ))}
                </ul>
            )}
            {actor ? (
                <SignOne
                    key={now.item}
                    actor={actor}
                    board={boardId}
                    item={now.item}
                    onDone={() => setChosen(undefined)}
                />
            ) : (
                <p className="mute">{words.loadingCase}</p>
            )}
        </div>
    );
}
