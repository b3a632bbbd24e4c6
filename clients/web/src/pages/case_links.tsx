// Links to one case, for who coordinates it: those that were made, another one, one called back.
import { useCallback, useState, type FormEvent } from 'react';
import {
    caseLinkRoles,
    links,
    linkToCase,
    type CaseLinkRole,
    type MadeLink,
} from '../connection/links';
import { Button, Choice, Field, Sheet } from '../ui/controls';
import { LinkShown } from '../ui/link_shown';
import { useWords } from '../words';
import { useRead, useSay } from './administration_parts';
import { LinkList } from './link_list';

const DAY_MS = 24 * 60 * 60 * 1000;
/** After how many days the access ends; the patient's does not. */
const DAYS = [1, 7, 30, 90];

export function CaseLinks({ id }: { id: string }) {
    const words = useWords();
    const text = words.links;
    const ask = useCallback(() => links(`cases/${id}`), [id]);
    const { answer, look } = useRead(ask);
    const [making, setMaking] = useState(false);
    return (
        <section aria-labelledby="links">
            <h2 id="links">{text.title}</h2>
            <p className="mute">{text.lead}</p>
            <LinkList
                place={`cases/${id}`}
                answer={answer}
                look={look}
                takesBack={false}
                gives={(link) => (link.role === undefined ? '' : text.role[link.role])}
            />
            <div className="row wrap">
                <Button onClick={() => setMaking(true)}>{text.make}</Button>
            </div>
            <Sheet title={text.makeTitle} open={making} onClose={() => setMaking(false)}>
                <MakeLink id={id} onMade={look} onClose={() => setMaking(false)} />
            </Sheet>
        </section>
    );
}

interface MakeLinkProps {
    id: string;
    onMade: () => void;
    onClose: () => void;
}

function MakeLink({ id, onMade, onClose }: MakeLinkProps) {
    const words = useWords();
    const text = words.links;
    const say = useSay();
    const [name, setName] = useState('');
    const [role, setRole] = useState<CaseLinkRole>('observer');
    const [days, setDays] = useState('7');
    const [problem, setProblem] = useState('');
    const [made, setMade] = useState<MadeLink>();
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const accessMs = role === 'patient' ? 0 : Number(days) * DAY_MS;
        const answer = await linkToCase(id, role === 'patient' ? '' : name.trim(), role, accessMs);
        if (answer.is === 'problem') {
            setProblem(say(answer));
            return;
        }
        setMade(answer.body);
        onMade();
    };
    if (made) {
        const whom = role === 'patient' ? text.thePatient : name;
        return <LinkShown token={made.token} until={made.until} name={whom} onClose={onClose} />;
    }
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <Choice
                label={text.as}
                value={role}
                onChange={(value) => setRole(value as CaseLinkRole)}
                options={caseLinkRoles.map((one) => ({ value: one, label: text.role[one] }))}
            />
            {role !== 'patient' && (
                <Field
                    label={words.administration.inviteWhom}
                    help={words.administration.inviteWhomHelp}
                    name="whom"
                    maxLength={100}
                    autoComplete="off"
                    required
                    autoFocus
                    value={name}
                    onChange={(event) => setName(event.target.value)}
                />
            )}
            {role === 'patient' ? (
                <p className="mute">{text.patientStays}</p>
            ) : (
                <Choice
                    label={words.administration.inviteDays}
                    value={days}
                    onChange={setDays}
                    options={DAYS.map((count) => ({
                        value: String(count),
                        label: words.administration.inviteDaysAfter(count),
                    }))}
                />
            )}
            {role !== 'patient' && <p className="mute">{text.needsConsent}</p>}
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary">
                {words.administration.inviteMake}
            </Button>
        </form>
    );
}
