// A decision that asks for its reason: what it means, the reason, one button, and what it was refused for.
import { useState, type FormEvent } from 'react';
import type { Outcome } from '../connection/channel';
import { useWords } from '../words';
import { cutToBytes } from '../words/bytes';
import { Button, Field } from './controls';
import { tell } from './frame';
import { refusalText } from './refusal';

/** Of every reason in the schema, in bytes of UTF-8. */
const REASON_BYTES = 400;

interface ReasonFormProps {
    lead: string;
    label: string;
    help: string;
    submit: string;
    /** Told when it is done. */
    done: string;
    send: (reason: string) => Promise<Outcome>;
    onDone: () => void;
}

export function ReasonForm({ lead, label, help, submit, done, send, onDone }: ReasonFormProps) {
    const words = useWords();
    const [reason, setReason] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    const decide = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        const refused = refusalText(words, await send(reason.trim()));
        setBusy(false);
        setProblem(refused ?? '');
        if (refused === undefined) {
            tell(done);
            onDone();
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void decide(event)}>
            <p>{lead}</p>
            <Field
                label={label}
                help={help}
                name="reason"
                required
                pattern=".*\S.*"
                autoFocus
                value={reason}
                onChange={(event) => setReason(cutToBytes(event.target.value, REASON_BYTES))}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <div className="row wrap">
                <Button type="submit" look="primary" disabled={busy || reason.trim() === ''}>
                    {submit}
                </Button>
            </div>
        </form>
    );
}
