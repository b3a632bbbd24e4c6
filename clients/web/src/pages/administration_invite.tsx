// A link for one person: for whom, as what; then the link, shown once.
import { useState, type FormEvent } from 'react';
import { invite, type OrganisationRole } from '../connection/administration';
import { Button, Choice, Field } from '../ui/controls';
import { LinkShown } from '../ui/link_shown';
import { useWords } from '../words';
import { useSay } from './administration_parts';
import { RoleTicks } from './administration_people';

const DAY_MS = 24 * 60 * 60 * 1000;
/** After how many days what the link gave ends; 0 = not. */
const DAYS = [0, 1, 7, 30, 90, 365];

interface InviteProps {
    organisation: string;
    onMade: () => void;
    onClose: () => void;
}

export function Invite({ organisation, onMade, onClose }: InviteProps) {
    const words = useWords();
    const text = words.administration;
    const say = useSay();
    const [name, setName] = useState('');
    const [roles, choose] = useState<OrganisationRole[]>(['specialist']);
    const [days, setDays] = useState('0');
    const [problem, setProblem] = useState('');
    const [link, setLink] = useState<{ token: string; until: number }>();
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        if (roles.length === 0) {
            setProblem(text.rolesNone);
            return;
        }
        const answer = await invite(organisation, name.trim(), roles, Number(days) * DAY_MS);
        if (answer.is === 'problem') {
            setProblem(say(answer));
            return;
        }
        setLink(answer.body);
        onMade();
    };
    if (link) {
        return <LinkShown token={link.token} until={link.until} name={name} onClose={onClose} />;
    }
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <Field
                label={text.inviteWhom}
                help={text.inviteWhomHelp}
                name="whom"
                maxLength={100}
                autoComplete="off"
                required
                autoFocus
                value={name}
                onChange={(event) => setName(event.target.value)}
            />
            <RoleTicks chosen={roles} choose={choose} />
            <Choice
                label={text.inviteDays}
                value={days}
                onChange={setDays}
                options={DAYS.map((count) => ({
                    value: String(count),
                    label: count === 0 ? text.inviteDaysNever : text.inviteDaysAfter(count),
                }))}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary">
                {text.inviteMake}
            </Button>
        </form>
    );
}
