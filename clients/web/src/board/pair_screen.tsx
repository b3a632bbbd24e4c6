// Takes a screen of the hall onto this board: the code it shows makes it a person, and the roster gives
// it its place.
import { useState, type FormEvent } from 'react';
import { claimDisplay } from '../connection/http';
import type { BoardActor } from '../state/client';
import { Button, Field, Sheet } from '../ui/controls';
import { tell } from '../ui/frame';
import { sayRefusal } from '../ui/refusal';
import { defaultMember, roleNumbers } from '../wire';
import { useWords } from '../words';

export function PairScreenButton({ actor }: { actor: BoardActor }) {
    const words = useWords();
    const [open, setOpen] = useState(false);
    return (
        <>
            <Button onClick={() => setOpen(true)}>
                {words.display.pair}
            </Button>
            <Sheet title={words.display.pair} open={open} onClose={() => setOpen(false)}>
                <PairScreen actor={actor} onDone={() => setOpen(false)} />
            </Sheet>
        </>
    );
}

function PairScreen({ actor, onDone }: { actor: BoardActor; onDone: () => void }) {
    const words = useWords();
    const [code, setCode] = useState('');
    const [problem, setProblem] = useState('');
    const [busy, setBusy] = useState(false);
    const pair = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        setProblem('');
        const claimed = await claimDisplay(code);
        setBusy(false);
        if (claimed.outcome !== 'paired') {
            setProblem(claimed.outcome === 'unknown' ? words.display.unknown : words.display.pairFailed);
            return;
        }
        const { id: user, name } = claimed.display;
        const member = { ...defaultMember(), user, name, role: roleNumbers.display };
        if (await sayRefusal(words, actor.command({ type: 'AddMember', member }))) {
            tell(words.display.paired(name));
            onDone();
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void pair(event)}>
            <p>{words.display.pairLead}</p>
            <Field
                label={words.display.typeCode}
                value={code}
                autoFocus
                autoComplete="off"
                autoCapitalize="characters"
                spellCheck={false}
                maxLength={20}
                onChange={(event) => setCode(event.target.value)}
            />
            {problem !== '' && (
                <p className="problem" role="alert">
                    {problem}
                </p>
            )}
            <Button type="submit" look="primary" disabled={busy || code.trim() === ''}>
                {words.display.pairNow}
            </Button>
        </form>
    );
}
