// The record searched by person, case and time. Refusals are marked; looking here is written down, too.
import { useEffect, useState, type FormEvent } from 'react';
import { members, ROOT, type Organisation } from '../connection/administration';
import { accesses, people, type Access, type AccessesWanted, type Person } from '../connection/http';
import { Button, Choice, Field, Notice } from '../ui/controls';
import { timeOfInput, useWords } from '../words';
import { AccessTable } from './accesses';

const CASE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

interface AccessesProps {
    organisation: Organisation;
    /** Searched for from the start; empty = none. */
    patientCase: string;
}

/** Everybody the reader may know by name: of the root all colleagues, of another one its people. */
function usePeopleOf(organisation: string): Person[] {
    const [known, setKnown] = useState<Person[]>([]);
    useEffect(() => {
        let gone = false;
        const asked =
            organisation === ROOT
                ? people()
                : members(organisation).then((answer) => (answer.is === 'done' ? answer.body.people : []));
        asked.then((list) => gone || setKnown(list)).catch(() => undefined);
        return () => {
            gone = true;
        };
    }, [organisation]);
    return known;
}

type Found = { is: 'asking' } | { is: 'there'; list: Access[]; more: boolean } | { is: 'unreachable' };

const milliseconds = (input: string): number | undefined =>
    input === '' ? undefined : timeOfInput(input) / 1000;

export function Accesses({ organisation, patientCase }: AccessesProps) {
    const words = useWords();
    const text = words.administration;
    const known = usePeopleOf(organisation.id);
    const [typed, setTyped] = useState({ user: '', patientCase, from: '', to: '' });
    const [wanted, setWanted] = useState(typed);
    const [round, again] = useState(0);
    const [problem, setProblem] = useState('');
    const [found, setFound] = useState<Found>({ is: 'asking' });
    const question = (before: number | undefined): AccessesWanted => ({
        patientCase: wanted.patientCase || undefined,
        user: wanted.user,
        administers: true,
        organisation: organisation.id,
        after: milliseconds(wanted.from),
        before: before ?? milliseconds(wanted.to),
    });
    useEffect(() => {
        let gone = false;
        setFound({ is: 'asking' });
        void accesses(question(undefined)).then(
            (answer) => gone || setFound(answer.is === 'there' ? answer : { is: 'unreachable' }),
        );
        return () => {
            gone = true;
        };
        // What is asked follows from these alone.
        // eslint-disable-next-line react-hooks/exhaustive-deps
    }, [wanted, organisation.id, round]);
    const older = async (list: Access[]) => {
        const answer = await accesses(question(list.at(-1)?.at));
        if (answer.is === 'there') {
            setFound({ ...answer, list: [...list, ...answer.list] });
        }
    };
    const search = (event: FormEvent) => {
        event.preventDefault();
        const bad = typed.patientCase !== '' && !CASE.test(typed.patientCase.trim());
        setProblem(bad ? text.recordBadCase : '');
        if (!bad) {
            setWanted({ ...typed, patientCase: typed.patientCase.trim().toLowerCase() });
            again((count) => count + 1);
        }
    };
    const names = new Map(known.map((one) => [one.id, one.name]));
    return (
        <>
            <p className="mute">{text.recordLead}</p>
            <form className="stack" role="search" onSubmit={search}>
                <div className="pair">
                    <Choice
                        label={words.accesses.person}
                        value={typed.user}
                        onChange={(user) => setTyped({ ...typed, user })}
                        options={[
                            { value: '', label: words.accesses.everybody },
                            ...known.map((one) => ({ value: one.id, label: one.name })),
                        ]}
                    />
                    <Field
                        label={text.recordCase}
                        help={text.recordCaseHelp}
                        name="case"
                        autoComplete="off"
                        value={typed.patientCase}
                        onChange={(event) => setTyped({ ...typed, patientCase: event.target.value })}
                    />
                    <Field
                        label={text.recordFrom}
                        name="from"
                        type="datetime-local"
                        value={typed.from}
                        onChange={(event) => setTyped({ ...typed, from: event.target.value })}
                    />
                    <Field
                        label={text.recordTo}
                        name="to"
                        type="datetime-local"
                        value={typed.to}
                        onChange={(event) => setTyped({ ...typed, to: event.target.value })}
                    />
                </div>
                <p className="problem" role="alert">
                    {problem}
                </p>
                <div className="row">
                    <Button type="submit" look="primary">
                        {text.search}
                    </Button>
                </div>
            </form>
            <div aria-live="polite">
                {found.is === 'asking' && <p className="mute">{words.loading}</p>}
                {found.is === 'there' && found.list.length === 0 && (
                    <p className="mute">{text.recordNone}</p>
                )}
            </div>
            {found.is === 'unreachable' && (
                <Notice title={text.away} help={text.awayHelp}>
                    <Button look="primary" onClick={() => again((count) => count + 1)}>
                        {words.tryAgain}
                    </Button>
                </Notice>
            )}
            {found.is === 'there' && found.list.length > 0 && (
                <AccessTable
                    list={found.list}
                    names={names}
                    withCase
                    linked={organisation.id === ROOT}
                />
            )}
            {found.is === 'there' && found.more && (
                <Button onClick={() => void older(found.list)}>{words.accesses.older}</Button>
            )}
        </>
    );
}
