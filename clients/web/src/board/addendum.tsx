// Adding to a signed decision, which itself stays as it is. What is begun here stays until it is signed.
import { useId, useRef, useState } from 'react';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { linkOf, memberOf } from '../state/decision';
import { useDraft } from '../state/drafts';
import { addendumForm, hashOf } from '../state/signature';
import { Button, Sheet } from '../ui/controls';
import { refusalText } from '../ui/refusal';
import type { Decision } from '../wire';
import { useWords } from '../words';
import { DecisionLines } from './decision_text';
import { Signing } from './signing';

interface AddendumProps {
    actor: CaseActor;
    model: CaseModel;
    decision: Decision;
    me: string;
}

const ADDENDA_MAX = 16;
const TEXT_MAX = 2000;

/** For whoever signs for the meeting, also after it. */
export function AddendumPart(props: AddendumProps) {
    const { model, decision, me } = props;
    const words = useWords();
    const [open, setOpen] = useState(false);
    const link = linkOf(model, decision.board);
    const signs = link !== undefined && memberOf(link, me)?.signs === true;
    if (!signs || !decision.signature || decision.addenda.length >= ADDENDA_MAX) {
        return null;
    }
    return (
        <div className="row">
            <Button tight data-add-addendum onClick={() => setOpen(true)}>
                {words.decision.addAddendum}
            </Button>
            <Sheet
                title={words.decision.addendumTitle}
                open={open}
                onClose={() => setOpen(false)}
            >
                <AddendumForm {...props} onDone={() => setOpen(false)} />
            </Sheet>
        </div>
    );
}

function AddendumForm(props: AddendumProps & { onDone: () => void }) {
    const { actor, model, decision, onDone } = props;
    const words = useWords();
    const id = useId();
    const [draft, setDraft] = useDraft<string>(`addendum ${decision.decision}`);
    const addendum = useRef('');
    const text = (draft ?? '').trim();
    const sign = async () => {
        addendum.current ||= crypto.randomUUID();
        const content = await hashOf(addendumForm(actor.id, decision, addendum.current, text));
        const outcome = await actor.command({
            type: 'AddAddendum',
            addendum: addendum.current,
            decision: decision.decision,
            text,
            content,
        });
        return refusalText(words, outcome);
    };
    return (
        <div className="stack">
            <p className="mute">{words.decision.addendumHelp}</p>
            <DecisionLines
                decision={decision}
                template={linkOf(model, decision.board)?.template}
            />
            <div className="field">
                <label htmlFor={id}>{words.decision.addendumText}</label>
                <textarea
                    id={id}
                    className="input"
                    name="addendum"
                    rows={4}
                    maxLength={TEXT_MAX}
                    value={draft ?? ''}
                    onChange={(event) => setDraft(event.target.value)}
                />
            </div>
            <Signing
                board={decision.board}
                label={words.decision.addendumSign}
                disabled={text === ''}
                sign={sign}
                onSigned={() => {
                    setDraft(undefined);
                    onDone();
                }}
            />
        </div>
    );
}
