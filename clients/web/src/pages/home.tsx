// The worklist: boards and cases of this person, live. A person who only refers sees the front desk.
import { useState } from 'react';
import { useUser } from '../state/use_client';
import { useSession } from '../state/use_client';
import { Button } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { follow } from '../ui/route';
import { roleName, roleNumbers, type WorklistEntry } from '../wire';
import { dateTimeText, personName, useSpeech } from '../words';
import { MakeBoard } from './make_board';
import { StatusPage } from './status';

const meetingStates = ['planned', 'running', 'ended'] as const;
const caseStates = ['opened', 'scheduled', 'in_discussion', 'discussed'] as const;

export function HomePage() {
    const { words } = useSpeech();
    const entries = useUser((user) => user?.entries);
    const administrator = useUser((user) => user?.administrator ?? false);
    const [making, setMaking] = useState(false);
    const { client } = useSession();
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
    const referred = cases.filter((one) => one.role === roleNumbers.referrer);
    const own = cases.filter((one) => one.role !== roleNumbers.referrer).sort(byTime);
    if (referred.length > 0 && boards.length === 0 && own.length === 0 && !administrator) {
        return <StatusPage entries={referred} />;
    }
    return (
        <div className="place">
            <TopBar />
            <main className="home" id="content">
                <h1 className="unseen">{words.worklist}</h1>
                <section aria-labelledby="boards">
                    <header>
                        <h2 id="boards">{words.boards}</h2>
                        {administrator && (
                            <Button onClick={() => setMaking(true)}>{words.makeBoard}</Button>
                        )}
                    </header>
                    <Entries entries={boards} empty={words.noBoards} />
                </section>
                <section aria-labelledby="cases">
                    <header>
                        <h2 id="cases">{words.cases}</h2>
                    </header>
                    <Entries entries={own} empty={words.noCases} />
                </section>
                {referred.length > 0 && (
                    <section aria-labelledby="referred">
                        <header>
                            <h2 id="referred">{words.yourPatients}</h2>
                        </header>
                        <Entries entries={referred} empty={words.noCases} />
                    </section>
                )}
            </main>
            <MakeBoard open={making} onClose={() => setMaking(false)} me={client.me} />
        </div>
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

function Entry({ entry }: { entry: WorklistEntry }) {
    const { words, language } = useSpeech();
    const board = entry.kind === 'board';
    const meeting = meetingStates[entry.status] ?? 'planned';
    const status = caseStates[entry.status] ?? 'opened';
    const role = roleName(entry.role);
    const live = board ? meeting === 'running' : status === 'in_discussion';
    const when = entry.at > 0 ? dateTimeText(entry.at, language) : '';
    const about = [
        personName(entry.detail),
        board && meeting === 'planned' && when !== '' ? words.startsAt(when) : '',
        role === undefined ? '' : words.asRole(words.role[role]),
    ].filter(Boolean);
    return (
        <li>
            <a
                className="entry"
                href={board ? `/boards/${entry.id}` : `/cases/${entry.id}`}
                onClick={follow}
            >
                <span className="title">{entry.title}</span>
                <span className="detail">{about.join(' · ')}</span>
                <span className={live ? 'state live' : 'state'}>
                    {board ? words.meetingState[meeting] : words.caseStatus[status]}
                </span>
            </a>
        </li>
    );
}
