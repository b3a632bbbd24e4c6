// A small form for a new board: title, start, people with their roles.
import { useEffect, useState, type FormEvent } from 'react';
import { boardRoles, roleOfNumber, type BoardRole } from '../board/roles';
import { people, type Person } from '../connection/http';
import { useSession, useUser } from '../state/use_client';
import { makesFor } from '../state/user_state';
import { Button, Choice, Field, Sheet } from '../ui/controls';
import { refusalText } from '../ui/refusal';
import { go } from '../ui/route';
import { defaultMember, roleNumbers, ZERO_UUID, type Member } from '../wire';
import { useWords } from '../words';

interface MakeBoardProps {
    open: boolean;
    onClose: () => void;
    me: string;
}

export function MakeBoard(props: MakeBoardProps) {
    const words = useWords();
    return (
        <Sheet title={words.makeBoard} open={props.open} onClose={props.onClose}>
            <BoardForm {...props} />
        </Sheet>
    );
}

function localNow(): string {
    const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000);
    return now.toISOString().slice(0, 16);
}

function BoardForm({ onClose, me }: MakeBoardProps) {
    const words = useWords();
    const { client } = useSession();
    const organisation = useUser((user) => makesFor(user, 'administrator', 'coordinator'));
    const administrator = useUser((user) => user?.administrator ?? false);
    const [title, setTitle] = useState('');
    const [starts, setStarts] = useState(localNow);
    const [known, setKnown] = useState<Person[]>([]);
    const [members, setMembers] = useState<Member[]>([]);
    const [problem, setProblem] = useState('');

    useEffect(() => {
        people()
            .then((list) => {
                setKnown(list);
                const self = list.find((one) => one.id === me);
                if (self) {
                    setMembers([memberOf(self, administrator ? 'chair' : 'coordinator')]);
                }
            })
            .catch(() => setProblem(words.peopleFailed));
    }, [me, words, administrator]);

    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const id = crypto.randomUUID();
        const board = client.boards.take(id);
        const outcome = await board.command({
            type: 'CreateBoard',
            title: title.trim(),
            startsAt: new Date(starts).getTime() * 1000,
            members,
            series: ZERO_UUID,
            template: undefined,
            cutOffAt: 0,
            organisation,
            hangings: [],
        });
        client.boards.give(id);
        const refused = refusalText(words, outcome);
        if (refused === undefined) {
            onClose();
            go(`/boards/${id}`);
        } else {
            setProblem(refused);
        }
    };

    const change = (user: string, next: Partial<Member>) =>
        setMembers(members.map((one) => (one.user === user ? { ...one, ...next } : one)));
    const left = known.filter((one) => !members.some((member) => member.user === one.id));
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <Field
                label={words.boardTitle}
                help={words.boardTitleHelp}
                required
                maxLength={100}
                value={title}
                onChange={(event) => setTitle(event.target.value)}
            />
            <Field
                label={words.boardStart}
                type="datetime-local"
                required
                value={starts}
                onChange={(event) => setStarts(event.target.value)}
            />
            <h3 className="small mute">{words.boardMembers}</h3>
            {members.length === 0 && <p className="mute">{words.noMembers}</p>}
            {members.map((member) => (
                <fieldset key={member.user} className="row wrap member">
                    <legend>{member.name}</legend>
                    <Choice
                        label={words.memberRole}
                        value={roleOfNumber(member.role)}
                        onChange={(role) =>
                            change(member.user, { role: roleNumbers[role as BoardRole] })
                        }
                        options={boardRoles.map((role) => ({ value: role, label: words.role[role] }))}
                    />
                    <Field
                        label={words.memberDiscipline}
                        maxLength={60}
                        value={member.discipline}
                        onChange={(event) =>
                            change(member.user, { discipline: event.target.value })
                        }
                    />
                    <Button
                        look="quiet"
                        onClick={() =>
                            setMembers(members.filter((one) => one.user !== member.user))
                        }
                    >
                        {words.remove}
                    </Button>
                </fieldset>
            ))}
            {left.length > 0 && (
                <Choice
                    label={words.addMember}
                    value=""
                    onChange={(id) => {
                        const person = left.find((one) => one.id === id);
                        if (person) {
                            setMembers([...members, memberOf(person, 'member')]);
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
            <div className="row">
                <Button type="submit" look="primary" disabled={members.length === 0}>
                    {words.createBoard}
                </Button>
                <Button onClick={onClose}>{words.cancel}</Button>
            </div>
        </form>
    );
}

const memberOf = (person: Person, role: BoardRole): Member => ({
    ...defaultMember(),
    user: person.id,
    role: roleNumbers[role],
    name: person.name,
});
