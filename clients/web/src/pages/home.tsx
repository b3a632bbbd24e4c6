// The worklist: boards and cases of this person, live. A person who only refers sees the front desk.
import { useEffect, useState, type ReactNode } from 'react';
import { useUser } from '../state/use_client';
import { runsRoot, runsSomething } from '../state/user_state';
import { useSession } from '../state/use_client';
import { Button } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { atLeisure } from '../ui/at_leisure';
import { follow } from '../ui/route';
import { roleName, roleNumbers, type WorklistEntry } from '../wire';
import { dateText, dateTimeText, personName, useSpeech } from '../words';
import { MakeBoard } from './make_board';
import { isOwn, StatusPage } from './status';

/** While somebody reads the list: the code of an open case, and its decoders warm. */
const readyViewer = () =>
    void Promise.all([import('./case'), import('../viewer')]).then(
        ([, viewer]) => viewer.warmViewer(),
        () => undefined,
    );

/** What asks something of this person. */
const waits = new Set<WorklistEntry['kind']>(['task', 'emergency', 'held']);
const meetingStates = ['planned', 'running', 'ended', 'closing'] as const;
/** Its owner gave it back: somebody else is to have it. */
const TASK_REFUSED = 2;
const caseStates = ['opened', 'scheduled', 'in_discussion', 'discussed', 'deferred'] as const;

export function HomePage() {
    const { words } = useSpeech();
    const entries = useUser((user) => user?.entries);
    const mayMake = useUser((user) => user !== undefined && (user.administrator || user.coordinator));
    const administers = useUser(runsSomething);
    const runsAll = useUser(runsRoot);
    const [making, setMaking] = useState(false);
    const { client } = useSession();
    const opens = entries?.some((one) => one.kind === 'board' || (one.kind === 'patient_case' && !isOwn(one))) === true;
    useEffect(() => (opens ? atLeisure(readyViewer) : undefined), [opens]);
    if (!entries) {
        return (
            <div className="place">
                <TopBar />
                <main className="home" id="content">
                    <p className="mute">{words.loading}</p>
                </main>
            </div>
        );
    }
    const boards = entries.filter((one) => one.kind === 'board').sort(byTime);
    const cases = entries.filter((one) => one.kind === 'patient_case');
    const tasks = entries.filter((one) => waits.has(one.kind)).sort(byTime);
    const series = entries.filter((one) => one.kind === 'series').sort(byTime);
    const followed = (one: WorklistEntry) => one.role === roleNumbers.referrer || isOwn(one);
    const referred = cases.filter(followed);
    const own = cases.filter((one) => !followed(one)).sort(byTime);
    const other = boards.length + own.length + tasks.length + series.length;
    if (referred.length > 0 && other === 0 && !mayMake) {
        return <StatusPage entries={referred} />;
    }
    return (
        <div className="place">
            <TopBar />
            <main className="home" id="content">
                <h1 className="unseen">{words.worklist}</h1>
                {tasks.length > 0 && (
                    <Section id="tasks" title={words.tasks.title}>
                        <Entries entries={tasks} empty={words.tasks.none} />
                    </Section>
                )}
                <Section
                    id="boards"
                    title={words.boards}
                    actions={
                        mayMake && (
                            <Button onClick={() => setMaking(true)}>{words.makeBoard}</Button>
                        )
                    }
                >
                    <Entries entries={boards} empty={words.noBoards} />
                </Section>
                {(mayMake || series.length > 0) && (
                    <Section
                        id="series"
                        title={words.boardSeries.title}
                        actions={
                            mayMake && (
                                <a className="button" href="/series/new" onClick={follow}>
                                    {words.boardSeries.button}
                                </a>
                            )
                        }
                    >
                        <Entries entries={series} empty={words.boardSeries.none} />
                    </Section>
                )}
                <Section
                    id="cases"
                    title={words.cases}
                    actions={
                        mayMake && (
                            <a className="button" href="/cases/new" onClick={follow}>
                                {words.makeCase.button}
                            </a>
                        )
                    }
                >
                    <Entries entries={own} empty={words.noCases} />
                </Section>
                {referred.length > 0 && (
                    <Section id="referred" title={words.yourPatients}>
                        <Entries entries={referred} empty={words.noCases} />
                    </Section>
                )}
                <p>
                    <a href="/account" onClick={follow}>
                        {words.account.title}
                    </a>
                </p>
                {administers && (
                    <p>
                        <a href="/administration" onClick={follow}>
                            {words.administration.title}
                        </a>
                    </p>
                )}
                {runsAll && (
                    <p>
                        <a href="/accesses" onClick={follow}>
                            {words.accesses.title}
                        </a>
                    </p>
                )}
            </main>
            <MakeBoard open={making} onClose={() => setMaking(false)} me={client.me} />
        </div>
    );
}

interface SectionProps {
    id: string;
    title: string;
    actions?: ReactNode;
    children: ReactNode;
}

function Section({ id, title, actions, children }: SectionProps) {
    return (
        <section aria-labelledby={id}>
            <header>
                <h2 id={id}>{title}</h2>
                {actions}
            </header>
            {children}
        </section>
    );
}

const byTime = (a: WorklistEntry, b: WorklistEntry): number =>
    a.at - b.at || a.title.localeCompare(b.title);

function Entries({ entries, empty }: { entries: WorklistEntry[]; empty: string }) {
    if (entries.length === 0) {
        return <p className="mute">{empty}</p>;
    }
    return (
        <ul className="list">
            {entries.map((entry) => (
                <Entry key={entry.id} entry={entry} />
            ))}
        </ul>
    );
}

const addresses: Record<WorklistEntry['kind'], (entry: WorklistEntry) => string> = {
    board: ({ id }) => `/boards/${id}`,
    patient_case: ({ id }) => `/cases/${id}`,
    series: ({ id }) => `/series/${id}`,
    task: ({ about }) => `/cases/${about}`,
    emergency: ({ about }) => `/cases/${about}/accesses`,
    held: ({ about }) => `/cases/${about}/held`,
};

/** How it stands, in a word, and whether it goes on just now or is late. */
function useStanding(entry: WorklistEntry): { text: string; look: string } {
    const { words, language } = useSpeech();
    switch (entry.kind) {
        case 'board': {
            const meeting = meetingStates[entry.status] ?? 'planned';
            return {
                text: words.meetingState[meeting],
                look: meeting === 'running' ? 'state live' : 'state',
            };
        }
        case 'patient_case': {
            const status = caseStates[entry.status] ?? 'opened';
            return {
                text: words.caseStatus[status],
                look: status === 'in_discussion' ? 'state live' : 'state',
            };
        }
        case 'task': {
            if (entry.status === TASK_REFUSED) {
                return { text: words.task.state.refused, look: 'state lacking' };
            }
            const late = entry.at > 0 && entry.at < Date.now() * 1000;
            const when = dateText(entry.at, language);
            return {
                text:
                    entry.at === 0
                        ? words.tasks.noDate
                        : late
                          ? words.tasks.late(when)
                          : words.tasks.due(when),
                look: late ? 'state lacking' : 'state',
            };
        }
        case 'emergency':
            return {
                text: `${words.emergencyAccess}, ${dateTimeText(entry.at, language)}`,
                look: 'state lacking',
            };
        case 'held':
            return { text: words.held.waits, look: 'state lacking' };
        case 'series':
            return { text: '', look: 'state' };
    }
}

function Entry({ entry }: { entry: WorklistEntry }) {
    const { words, language } = useSpeech();
    const role = roleName(entry.role);
    const standing = useStanding(entry);
    const planned = entry.kind === 'board' && meetingStates[entry.status] === 'planned';
    const about = [
        entry.kind === 'held' ? words.held.title : '',
        personName(entry.detail),
        planned && entry.at > 0 ? words.startsAt(dateTimeText(entry.at, language)) : '',
        role === undefined || waits.has(entry.kind) ? '' : words.asRole(words.role[role]),
    ].filter(Boolean);
    const expected = [
        entry.prepare > 0 ? words.prepare(entry.prepare) : '',
        entry.owes > 0 ? words.owes(entry.owes) : '',
    ].filter(Boolean);
    return (
        <li>
            <a className="entry" href={addresses[entry.kind](entry)} onClick={follow}>
                <span className="title">{entry.title}</span>
                <span className="detail">{about.join(' · ')}</span>
                {expected.length > 0 && (
                    <span className="detail lacking">{expected.join(' · ')}</span>
                )}
                <span className={standing.look}>{standing.text}</span>
            </a>
        </li>
    );
}
