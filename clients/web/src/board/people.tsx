// Who belongs here and who is here: colour and name, role, hand, floor, pointing, and who still loads.
import type { StageModel } from '../state/stage_state';
import { whoSees } from '../state/stage_state';
import { useStage, type Staged } from '../state/use_client';
import { Button } from '../ui/controls';
import { personColor } from '../ui/people';
import { sayRefusal } from '../ui/refusal';
import { roleName, type Participant } from '../wire';
import { useWords } from '../words';
import type { StageHands } from './use_stage';

/** Has painted what is shown, and not all of it lossless. */
const isPreview = ({ painted, lossless }: Participant): boolean => painted > 0 && !lossless;

export interface KnownPerson {
    user: string;
    name: string;
    role: number;
    discipline?: string;
}

interface PeopleProps {
    known: readonly KnownPerson[];
    staged: Staged;
    hands: StageHands | undefined;
    me: string;
    chair: boolean;
}

interface Row extends KnownPerson {
    here: Participant[];
}

/** Hands first, in the order they went up; then who is here; then the rest. */
function rowsOf(known: readonly KnownPerson[], stage: StageModel | undefined): Row[] {
    const present = [...(stage?.participants.values() ?? [])].filter((one) => one.present);
    const strangers = present
        .filter((one) => !known.some((person) => person.user === one.user))
        .map((one) => ({ user: one.user, name: '', role: one.role }));
    const unique = new Map([...known, ...strangers].map((person) => [person.user, person]));
    const hand = (row: Row) => row.here.find((one) => one.handAt > 0)?.handAt ?? Infinity;
    return [...unique.values()]
        .map((person) => ({ ...person, here: present.filter((one) => one.user === person.user) }))
        .sort(
            (a, b) =>
                hand(a) - hand(b) ||
                Number(b.here.length > 0) - Number(a.here.length > 0) ||
                a.name.localeCompare(b.name),
        );
}

export function People(props: PeopleProps) {
    const { known, staged, hands, me, chair } = props;
    const stage = useStage(staged, (held) => held);
    const words = useWords();
    const holder = stage?.floor.state === 'held' ? stage.floor.holder : undefined;
    const mayGive = hands !== undefined && (holder === me || chair);
    const lagging = new Set(stage ? whoSees(stage).lagging.map((one) => one.participant) : []);
    return (
        <ul className="people">
            {rowsOf(known, stage).map((row, index) => {
                const [first] = row.here;
                const role = roleName(row.role);
                const flags = [
                    row.user === holder ? words.presenting : '',
                    row.here.some((one) => one.handAt > 0) ? words.handUp(index + 1) : '',
                    stage?.floor.waiting.includes(row.user) ? words.asksForFloor : '',
                    row.here.some((one) => one.pointing) && row.user !== holder
                        ? words.pointingNow
                        : '',
                    row.here.length > 1 ? words.secondWindow : '',
                    row.here.some((one) => lagging.has(one.participant)) && stage?.open
                        ? words.fetching
                        : '',
                    row.here.some((one) => !lagging.has(one.participant) && one.window === 0 && isPreview(one)) &&
                    stage?.open
                        ? words.seesPreview
                        : '',
                ].filter(Boolean);
                const about = [
                    row.discipline ?? '',
                    role === undefined ? '' : words.role[role],
                    row.user === me ? words.you : '',
                ].filter(Boolean);
                return (
                    <li key={row.user} className={first ? undefined : 'absent'}>
                        <span
                            className="swatch"
                            style={first && { background: personColor(first.color) }}
                        />
                        <span className="name">
                            {row.name}
                            <small className="mute">{about.join(' · ')}</small>
                        </span>
                        <span className="flags">
                            {flags.length > 0 ? flags.join(', ') : first ? '' : words.away}
                        </span>
                        {mayGive && first && row.user !== holder && row.user !== me && row.role <= 2 && (
                            <Button
                                tight
                                onClick={() =>
                                    void sayRefusal(
                                        words,
                                        hands.controller.command({
                                            type: 'GrantFloor',
                                            item: hands.controller.item,
                                            user: row.user,
                                        }),
                                    )
                                }
                            >
                                {words.giveFloor}
                            </Button>
                        )}
                    </li>
                );
            })}
        </ul>
    );
}
