// Who belongs to a board, changed while it exists: each change is a command of its own, at once. Who becomes
// a guest has only numbers at first, until the cases that they take part in are ticked.
import { useEffect, useRef, useState } from 'react';
import { people, type Person } from '../connection/http';
import type { BoardAtRest } from '../state/board_state';
import type { BoardActor } from '../state/client';
import { Button, Choice, Sheet } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { defaultMember, roleName, roleNumbers, type AgendaItem, type Member } from '../wire';
import { useWords } from '../words';
import { usePatientName } from './agenda_item';
import { meetingRoles, type MeetingRole } from './roles';

/** As many as the protocol lets one guest take part in. */
const GUEST_ITEMS_MAX = 16;

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
            <Button onClick={() => setOpen(true)}>
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
    const [newRole, setNewRole] = useState<MeetingRole>('member');
    const [problem, setProblem] = useState('');
    useEffect(() => {
        people()
            .then(setKnown)
            .catch(() => setProblem(words.peopleFailed));
    }, [words]);
    const put = (member: Member) =>
        sayRefusal(words, actor.command({ type: 'AddMember', member }));
    const left = known.filter((one) => !board.members.some((member) => member.user === one.id));
    return (
        <div className="stack">
            <ul className="list">
                {board.members.map((member) => (
                    <MemberRow
                        key={member.user}
                        member={member}
                        items={board.items}
                        fixed={member.user === me || member.role === roleNumbers.display}
                        mine={member.user === me}
                        onRole={(role) =>
                            void put({ ...member, role: roleNumbers[role], items: [] })
                        }
                        onItems={(items) => put({ ...member, items })}
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
                <div className="row wrap">
                    <Choice
                        label={words.memberRole}
                        value={newRole}
                        onChange={(role) => setNewRole(role as MeetingRole)}
                        options={meetingRoles.map((role) => ({ value: role, label: words.role[role] }))}
                    />
                    <Choice
                        label={words.addMember}
                        value=""
                        onChange={(id) => {
                            const person = left.find((one) => one.id === id);
                            if (person) {
                                const { id: user, name } = person;
                                const role = roleNumbers[newRole];
                                void put({ ...defaultMember(), user, name, role });
                            }
                        }}
                        options={[
                            { value: '', label: words.choosePerson },
                            ...left.map((one) => ({ value: one.id, label: one.name })),
                        ]}
                    />
                </div>
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
    items: AgendaItem[];
    /** Its role stays: nobody takes the board away from themselves by mistake, and a screen is nobody. */
    fixed: boolean;
    mine: boolean;
    onRole: (role: MeetingRole) => void;
    onItems: (items: number[]) => Promise<unknown>;
    onRemove: () => void;
}

function MemberRow(props: MemberRowProps) {
    const { member, items, fixed, mine, onRole, onItems, onRemove } = props;
    const words = useWords();
    const role = roleName(member.role) ?? 'member';
    return (
        <li className="row wrap member-row">
            <span className="grow">
                {member.name}
                {member.discipline !== '' && <small className="mute"> · {member.discipline}</small>}
            </span>
            {fixed ? (
                <span className="mute">{words.role[role]}</span>
            ) : (
                <select
                    className="input"
                    aria-label={`${words.memberRole}: ${member.name}`}
                    value={role}
                    onChange={(event) => onRole(event.target.value as MeetingRole)}
                >
                    {meetingRoles.map((one) => (
                        <option key={one} value={one}>
                            {words.role[one]}
                        </option>
                    ))}
                </select>
            )}
            {!mine && (
                <Button look="quiet" aria-label={`${words.remove}: ${member.name}`} onClick={onRemove}>
                    {words.remove}
                </Button>
            )}
            {role === 'guest' && <GuestItems member={member} items={items} onItems={onItems} />}
        </li>
    );
}

type GuestItemsProps = Pick<MemberRowProps, 'member' | 'items' | 'onItems'>;

/** Which cases a guest takes part in; of the others they read how many there are. */
function GuestItems({ member, items, onItems }: GuestItemsProps) {
    const words = useWords();
    // What is ticked but not answered yet counts, or the next tick would take it back.
    const [asked, setAsked] = useState<number[]>();
    const latest = useRef(0);
    const taken = asked ?? member.items;
    const chosen = items.map((one) => one.item).filter((one) => taken.includes(one));
    const choose = async (next: number[]) => {
        latest.current += 1;
        const own = latest.current;
        setAsked(next);
        await onItems(next);
        if (own === latest.current) {
            setAsked(undefined);
        }
    };
    const full = chosen.length >= GUEST_ITEMS_MAX;
    return (
        <fieldset className="guest-items">
            <legend>{words.guest.takesPart}</legend>
            {items.map((one) => (
                <GuestItem
                    key={one.item}
                    item={one}
                    chosen={chosen.includes(one.item)}
                    full={full}
                    onChoose={(take) =>
                        void choose(
                            take
                                ? [...chosen, one.item]
                                : chosen.filter((other) => other !== one.item),
                        )
                    }
                />
            ))}
            {items.length === 0 && <p className="mute">{words.noItems}</p>}
            {items.length > 0 && chosen.length === 0 && (
                <p className="lacking">{words.guest.nothingChosen}</p>
            )}
            {full && <p className="mute">{words.guest.full(GUEST_ITEMS_MAX)}</p>}
        </fieldset>
    );
}

interface GuestItemProps {
    item: AgendaItem;
    chosen: boolean;
    full: boolean;
    onChoose: (take: boolean) => void;
}

function GuestItem({ item, chosen, full, onChoose }: GuestItemProps) {
    const words = useWords();
    const { name } = usePatientName(item);
    return (
        <label className="row tick">
            <input
                type="checkbox"
                checked={chosen}
                disabled={full && !chosen}
                onChange={(event) => onChoose(event.target.checked)}
            />
            {name || words.caseHidden}
        </label>
    );
}
