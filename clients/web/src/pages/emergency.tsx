// Access in an emergency: asked for where a case is not there for somebody, and said at the top while it lasts.
import { useState, type FormEvent } from 'react';
import { breakGlass, type Glass } from '../connection/emergency';
import { breaksGlass } from '../state/user_state';
import { useUser } from '../state/use_client';
import { Button, Field, Sheet } from '../ui/controls';
import { useWords } from '../words';

const REASON_MAX = 200;

/** The way in, for those who work for a hospital; nothing for anybody else. */
export function EmergencyDoor({ patientCase, onOpen }: { patientCase: string; onOpen: () => void }) {
    const words = useWords();
    const may = useUser(breaksGlass);
    const [open, setOpen] = useState(false);
    if (may !== true) {
        return null;
    }
    return (
        <>
            <Button onClick={() => setOpen(true)}>{words.glass.open}</Button>
            <Sheet title={words.glass.title} open={open} onClose={() => setOpen(false)}>
                <Reason patientCase={patientCase} onOpen={onOpen} />
            </Sheet>
        </>
    );
}

function Reason({ patientCase, onOpen }: { patientCase: string; onOpen: () => void }) {
    const words = useWords();
    const [reason, setReason] = useState('');
    const [busy, setBusy] = useState(false);
    const [failed, setFailed] = useState<Exclude<Glass, 'open'>>();
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        const answer = await breakGlass(patientCase, reason.trim());
        setBusy(false);
        if (answer === 'open') {
            onOpen();
        } else {
            setFailed(answer);
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <p>{words.glass.lead}</p>
            <Field
                label={words.glass.reason}
                help={words.glass.reasonHelp}
                name="reason"
                required
                pattern=".*\S.*"
                maxLength={REASON_MAX}
                autoFocus
                value={reason}
                onChange={(event) => setReason(event.target.value)}
            />
            <p className="problem" role="alert">
                {failed && words.glass[failed]}
            </p>
            <Button type="submit" look="primary" disabled={busy || reason.trim() === ''}>
                {words.glass.go}
            </Button>
        </form>
    );
}

/** Says at the top of a case that it is open by an emergency, for as long as it is. */
export function EmergencyBanner() {
    const words = useWords();
    return (
        <p className="in-emergency" role="status">
            {words.glass.banner}
        </p>
    );
}
