// Who belongs to a board, changed while it exists: each change is a command of its own, at once.
import { useEffect, useState } from 'react';
import { people, type Person } from '../connection/http';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { Button, Choice, Sheet } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { defaultMember, roleNumbers, type Member } from '../wire';
import { useWords } from '../words';
import { boardRoles, roleOfNumber, type BoardRole } from './roles';

interface MembersProps {
    actor: BoardActor;
    board: BoardAtRest;
    me: string;
}

export function MembersButton(props: MembersProps) {
    const words = useWords();
    const [open, setOpen] = useState(false);
    return (
        <>
            <Button className="members" onClick={() => setOpen(true)}>
                {words.changeMembers}
            </Button>
            <Sheet title={words.boardMembers} open={open} onClose={() => setOpen(false)}>
                <Members {...props} />
            </Sheet>
        </>
    );
}

function Members({ actor, board, me }: MembersProps) {
    const words = useWords();
    const [known, setKnown] = useState<Person[]>([]);
    const [problem, setProblem] = useState('');
    useEffect(() => {
        people()
            .then(setKnown)
            .catch(() => setProblem(words.peopleFailed));
    }, [words]);
    const put = (member: Member) =>
        void sayRefusal(words, actor.command({ type: 'AddMember', member }));
    const left = known.filter((one) => !board.members.some((member) => member.user === one.id));
    return (
        <div className="stack">
            <ul className="list">
                {board.members.map((member) => (
                    <MemberRow
                        key={member.user}
                        member={member}
                        fixed={member.user === me}
                        onRole={(role) => put({ ...member, role: roleNumbers[role] })}
                        onRemove={() =>
                            void sayRefusal(
                                words,
                                actor.command({ type: 'RemoveMember', user: member.user }),
                            )
                        }
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
                            put({ ...defaultMember(), user, name, role: roleNumbers.member });
                        }
                    }}
                    options={[
                        { value: '', label: words.choosePerson },
                        ...left.map((one) => ({ value: one.id, label: one.name })),
                    ]}
                />
            )}
            {problem !== '' && (
                <p className="problem" role="alert">
                    {problem}
                </p>
            )}
        </div>
    );
}

interface MemberRowProps {
    member: Member;
    /** Nobody takes the board away from themselves by mistake. */
    fixed: boolean;
    onRole: (role: BoardRole) => void;
    onRemove: () => void;
}

function MemberRow({ member, fixed, onRole, onRemove }: MemberRowProps) {
    const words = useWords();
    return (
        <li className="row member-row">
            <span className="grow">
                {member.name}
                {member.discipline !== '' && <small className="mute"> · {member.discipline}</small>}
            </span>
            {fixed ? (
                <span className="mute">{words.role[roleOfNumber(member.role)]}</span>
            ) : (
                <>
                    <select
                        className="input"
                        aria-label={`${words.memberRole}: ${member.name}`}
                        value={roleOfNumber(member.role)}
                        onChange={(event) => onRole(event.target.value as BoardRole)}
                    >
                        {boardRoles.map((role) => (
                            <option key={role} value={role}>
                                {words.role[role]}
                            </option>
                        ))}
                    </select>
                    <Button
                        look="quiet"
                        aria-label={`${words.remove}: ${member.name}`}
                        onClick={onRemove}
                    >
                        {words.remove}
                    </Button>
                </>
            )}
        </li>
    );
}
