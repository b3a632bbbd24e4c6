// A new case: who it is about, what the board is asked, and who sees it from the start.
import { useEffect, useState, type FormEvent } from 'react';
import { people, type Person } from '../connection/http';
import { useSession, useUser } from '../state/use_client';
import { makesFor } from '../state/user_state';
import { Button, Choice, Field } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { refusalText } from '../ui/refusal';
import { go } from '../ui/route';
import { defaultCaseMember, roleNumbers, type CaseMember } from '../wire';
import { useWords } from '../words';

const sexes = ['F', 'M', 'O'] as const;
const caseRoles = ['coordinator', 'member', 'observer', 'referrer'] as const;
type CaseRole = (typeof caseRoles)[number];

const memberOf = (person: Person, role: CaseRole): CaseMember => ({
    ...defaultCaseMember(),
    user: person.id,
    name: person.name,
    role: roleNumbers[role],
});

export function MakeCasePage() {
    const words = useWords();
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk" id="content">
                <h1>{words.makeCase.title}</h1>
                <p className="mute">{words.makeCase.lead}</p>
                <CaseForm />
            </main>
        </div>
    );
}

function usePeople(): { known: Person[]; failed: boolean } {
    const [known, setKnown] = useState<Person[]>([]);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
        people()
            .then(setKnown)
            .catch(() => setFailed(true));
    }, []);
    return { known, failed };
}

function CaseForm() {
    const words = useWords();
    const { client } = useSession();
    const organisation = useUser((user) => makesFor(user, 'administrator', 'coordinator', 'referrer'));
    const { known, failed } = usePeople();
    const [family, setFamily] = useState('');
    const [given, setGiven] = useState('');
    const [birthDate, setBirthDate] = useState('');
    const [sex, setSex] = useState('');
    const [patientId, setPatientId] = useState('');
    const [title, setTitle] = useState('');
    const [others, setOthers] = useState<CaseMember[]>([]);
    const [problem, setProblem] = useState('');
    const me = known.find((one) => one.id === client.me);
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        if (!me) {
            return;
        }
        const id = crypto.randomUUID();
        const actor = client.cases.take(id);
        const outcome = await actor.command({
            type: 'CreateCase',
            subject: {
                name: [family.trim(), given.trim()].filter(Boolean).join('^'),
                birthDate,
                sex,
                patientId: patientId.trim(),
            },
            title: title.trim(),
            members: [memberOf(me, 'coordinator'), ...others],
            organisation,
            asksConsent: false,
        });
        client.cases.give(id);
        const refused = refusalText(words, outcome);
        if (refused === undefined) {
            go(`/cases/${id}/images`);
        } else {
            setProblem(refused);
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <div className="pair">
                <Field
                    label={words.makeCase.name}
                    required
                    maxLength={60}
                    autoFocus
                    value={family}
                    onChange={(event) => setFamily(event.target.value)}
                />
                <Field
                    label={words.makeCase.given}
                    maxLength={60}
                    value={given}
                    onChange={(event) => setGiven(event.target.value)}
                />
                <Field
                    label={words.makeCase.birthDate}
                    type="date"
                    value={birthDate}
                    onChange={(event) => setBirthDate(event.target.value)}
                />
                <Choice
                    label={words.makeCase.sex}
                    value={sex}
                    onChange={setSex}
                    options={[
                        { value: '', label: words.makeCase.sexUnknown },
                        ...sexes.map((one) => ({ value: one, label: words.card.sex[one] })),
                    ]}
                />
                <Field
                    label={words.makeCase.patientId}
                    required
                    maxLength={32}
                    value={patientId}
                    onChange={(event) => setPatientId(event.target.value)}
                />
            </div>
            <Field
                label={words.makeCase.question}
                help={words.makeCase.questionHelp}
                required
                maxLength={100}
                value={title}
                onChange={(event) => setTitle(event.target.value)}
            />
            <CaseMembers known={known} me={client.me} members={others} onChange={setOthers} />
            {(failed || problem !== '') && (
                <p className="problem" role="alert">
                    {failed ? words.peopleFailed : problem}
                </p>
            )}
            <div className="row">
                <Button type="submit" look="primary" disabled={!me}>
                    {words.makeCase.create}
                </Button>
            </div>
        </form>
    );
}

interface CaseMembersProps {
    known: readonly Person[];
    me: string;
    members: readonly CaseMember[];
    onChange: (members: CaseMember[]) => void;
}

function CaseMembers({ known, me, members, onChange }: CaseMembersProps) {
    const words = useWords();
    const left = known.filter(
        (one) => one.id !== me && !members.some((member) => member.user === one.id),
    );
    return (
        <fieldset className="field plain">
            <legend>{words.makeCase.people}</legend>
            <ul className="list">
                {members.map((member) => (
                    <li key={member.user} className="row member-row wrap">
                        <span className="grow">{member.name}</span>
                        <select
                            className="input"
                            aria-label={`${words.memberRole}: ${member.name}`}
                            value={member.role}
                            onChange={(event) =>
                                onChange(
                                    members.map((one) =>
                                        one === member
                                            ? { ...one, role: Number(event.target.value) }
                                            : one,
                                    ),
                                )
                            }
                        >
                            {caseRoles.map((role) => (
                                <option key={role} value={roleNumbers[role]}>
                                    {words.role[role]}
                                </option>
                            ))}
                        </select>
                        <Button
                            look="quiet"
                            aria-label={`${words.remove}: ${member.name}`}
                            onClick={() => onChange(members.filter((one) => one !== member))}
                        >
                            {words.remove}
                        </Button>
                    </li>
                ))}
            </ul>
            {left.length > 0 && (
                <Choice
                    label={words.addMember}
                    value=""
                    onChange={(id) => {
                        const person = left.find((one) => one.id === id);
                        if (person) {
                            onChange([...members, memberOf(person, 'member')]);
                        }
                    }}
                    options={[
                        { value: '', label: words.choosePerson },
                        ...left.map((one) => ({ value: one.id, label: one.name })),
                    ]}
                />
            )}
        </fieldset>
    );
}
