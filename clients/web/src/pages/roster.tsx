// The people of a board series with role, discipline and vote.
import { useEffect, useState } from 'react';
import { boardRoles, roleOfNumber, type BoardRole } from '../board/roles';
import { people, type Person } from '../connection/http';
import { Button, Choice } from '../ui/controls';
import { roleNumbers, type SeriesMember } from '../wire';
import { useWords } from '../words';

interface RosterProps {
    members: readonly SeriesMember[];
    onPut: (member: SeriesMember) => void;
    onDrop: (user: string) => void;
}

export function Roster({ members, onPut, onDrop }: RosterProps) {
    const words = useWords();
    const [known, setKnown] = useState<Person[]>([]);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
        people()
            .then(setKnown)
            .catch(() => setFailed(true));
    }, []);
    const left = known.filter((one) => !members.some((member) => member.user === one.id));
    return (
        <fieldset className="field plain">
            <legend>{words.boardSeries.roster}</legend>
            <ul className="list roster">
                {members.map((member) => (
                    <RosterRow
                        key={member.user}
                        member={member}
                        onPut={onPut}
                        onDrop={() => onDrop(member.user)}
                    />
                ))}
            </ul>
            {left.length > 0 && (
                <Choice
                    label={words.addMember}
                    value=""
                    onChange={(id) => {
                        const person = left.find((one) => one.id === id);
                        if (person) {
                            const { id: user, name } = person;
                            const role = roleNumbers.member;
                            onPut({ user, name, role, discipline: '', noVote: false });
                        }
                    }}
                    options={[
                        { value: '', label: words.choosePerson },
                        ...left.map((one) => ({ value: one.id, label: one.name })),
                    ]}
                />
            )}
            {failed && (
                <p className="problem" role="alert">
                    {words.peopleFailed}
                </p>
            )}
        </fieldset>
    );
}

interface RosterRowProps {
    member: SeriesMember;
    onPut: (member: SeriesMember) => void;
    onDrop: () => void;
}

/** The discipline is sent when one leaves the field, not with each letter. */
function RosterRow({ member, onPut, onDrop }: RosterRowProps) {
    const words = useWords();
    const [discipline, setDiscipline] = useState(member.discipline);
    useEffect(() => setDiscipline(member.discipline), [member.discipline]);
    const keep = () => {
        if (discipline.trim() !== member.discipline) {
            onPut({ ...member, discipline: discipline.trim() });
        }
    };
    return (
        <li aria-label={member.name}>
            <b>{member.name}</b>
            <select
                className="input"
                aria-label={`${words.memberRole}: ${member.name}`}
                value={roleOfNumber(member.role)}
                onChange={(event) =>
                    onPut({ ...member, role: roleNumbers[event.target.value as BoardRole] })
                }
            >
                {boardRoles.map((role) => (
                    <option key={role} value={role}>
                        {words.role[role]}
                    </option>
                ))}
            </select>
            <input
                className="input"
                aria-label={`${words.memberDiscipline}: ${member.name}`}
                placeholder={words.memberDiscipline}
                maxLength={32}
                value={discipline}
                onChange={(event) => setDiscipline(event.target.value)}
                onBlur={keep}
            />
            <label className="row tick">
                <input
                    type="checkbox"
                    checked={member.noVote}
                    onChange={(event) => onPut({ ...member, noVote: event.target.checked })}
                />
                {words.boardSeries.noVote}
            </label>
            <Button
                look="quiet"
                aria-label={`${words.remove}: ${member.name}`}
                onClick={onDrop}
            >
                {words.remove}
            </Button>
        </li>
    );
}
