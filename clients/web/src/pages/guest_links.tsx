// Guests from outside: a link to some cases of one meeting, for one person, until the meeting ends.
import { useCallback, useState, type FormEvent } from 'react';
import { usePatientName } from '../board/agenda_item';
import { links, linkToBoard, type Link, type MadeLink } from '../connection/links';
import type { BoardAtRest } from '../state/board_state';
import { useSession } from '../state/use_client';
import { Button, Choice, Field, Sheet } from '../ui/controls';
import { LinkShown } from '../ui/link_shown';
import type { AgendaItem } from '../wire';
import { useWords } from '../words';
import { useRead, useSay } from './administration_parts';
import { LinkList } from './link_list';

const DAY_MS = 24 * 60 * 60 * 1000;
/** After the meeting's beginning, or from now once it has begun. It ends with the meeting in any case. */
const DAYS = [1, 3, 7];
/** A link is open for so long at most. */
const OPEN_DAYS_MAX = 30;
/** As many as the protocol lets one guest take part in. */
const ITEMS_MAX = 16;

interface GuestLinksProps {
    boardId: string;
    board: BoardAtRest;
}

export function GuestLinksButton(props: GuestLinksProps) {
    const words = useWords();
    const [open, setOpen] = useState(false);
    return (
        <>
            <Button onClick={() => setOpen(true)}>
                {words.guestLinks.button}
            </Button>
            <Sheet title={words.guestLinks.title} open={open} onClose={() => setOpen(false)}>
                <GuestLinks {...props} />
            </Sheet>
        </>
    );
}

function GuestLinks({ boardId, board }: GuestLinksProps) {
    const words = useWords();
    const text = words.guestLinks;
    const ask = useCallback(() => links(`boards/${boardId}`), [boardId]);
    const { answer, look } = useRead(ask);
    const [making, setMaking] = useState(false);
    if (making) {
        return (
            <MakeGuest
                boardId={boardId}
                board={board}
                onClose={() => {
                    setMaking(false);
                    look();
                }}
            />
        );
    }
    return (
        <div className="stack">
            <p className="mute">{text.lead}</p>
            <LinkList
                place={`boards/${boardId}`}
                answer={answer}
                look={look}
                takesBack
                gives={(link) => <CasesOf link={link} items={board.items} />}
            />
            {board.items.length === 0 && <p className="mute">{text.noItems}</p>}
            <div className="row wrap">
                <Button
                    look="primary"
                    disabled={board.items.length === 0}
                    onClick={() => setMaking(true)}
                >
                    {text.make}
                </Button>
            </div>
        </div>
    );
}

/** Of cases that are not on the agenda any more nothing is left to say. */
function CasesOf({ link, items }: { link: Link; items: AgendaItem[] }) {
    return items
        .filter((one) => link.items?.includes(one.item))
        .map((one) => (
            <div key={one.item}>
                <NameOf item={one} />
            </div>
        ));
}

function NameOf({ item }: { item: AgendaItem }) {
    const words = useWords();
    const { name } = usePatientName(item);
    return name || words.caseHidden;
}

interface MakeGuestProps extends GuestLinksProps {
    onClose: () => void;
}

function MakeGuest({ boardId, board, onClose }: MakeGuestProps) {
    const words = useWords();
    const text = words.guestLinks;
    const say = useSay();
    const { client } = useSession();
    const [name, setName] = useState('');
    const [items, setItems] = useState<number[]>([]);
    const [days, setDays] = useState('1');
    const [problem, setProblem] = useState('');
    const [made, setMade] = useState<MadeLink>();
    const turn = (item: number) => {
        setItems(items.includes(item) ? items.filter((one) => one !== item) : [...items, item]);
        setProblem('');
    };
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        if (items.length === 0) {
            setProblem(text.noneChosen);
            return;
        }
        const waits = Math.max(0, (board.startsAt - client.serverTime()) / 1000);
        const accessMs = Math.round(waits) + Number(days) * DAY_MS;
        const opens = Math.min(accessMs, OPEN_DAYS_MAX * DAY_MS);
        const answer = await linkToBoard(boardId, name.trim(), items, accessMs, opens);
        if (answer.is === 'problem') {
            setProblem(say(answer));
        } else {
            setMade(answer.body);
        }
    };
    if (made) {
        return <LinkShown token={made.token} until={made.until} name={name} onClose={onClose} />;
    }
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
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
            <fieldset className="plain stack">
                <legend>{text.which}</legend>
                {board.items
                    .filter((one) => !one.gone)
                    .map((one) => (
                        <label key={one.item} className="row tick">
                            <input
                                type="checkbox"
                                checked={items.includes(one.item)}
                                disabled={items.length >= ITEMS_MAX && !items.includes(one.item)}
                                onChange={() => turn(one.item)}
                            />
                            <span>
                                <NameOf item={one} />
                            </span>
                        </label>
                    ))}
            </fieldset>
            <Choice
                label={text.atMost}
                value={days}
                onChange={setDays}
                options={DAYS.map((count) => ({ value: String(count), label: text.daysAfter(count) }))}
            />
            <p className="mute">{text.ends}</p>
            <p className="problem" role="alert">
                {problem}
            </p>
            <div className="row wrap">
                <Button type="submit" look="primary">
                    {words.administration.inviteMake}
                </Button>
                <Button onClick={onClose}>{words.cancel}</Button>
            </div>
        </form>
    );
}
