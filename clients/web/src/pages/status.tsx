// The front desk of a referrer: where each of their patients' cases stands, live, and nothing else.
import { useCase, useModel } from '../state/use_client';
import type { CaseActor } from '../state/client';
import { TopBar } from '../ui/frame';
import { follow } from '../ui/route';
import { roleNumbers, type CaseStatus, type WorklistEntry } from '../wire';
import { dateTimeText, personName, useSpeech } from '../words';

const statuses: CaseStatus[] = ['opened', 'scheduled', 'in_discussion', 'discussed', 'deferred'];
/** One that was put off has no decision before it, only the next meeting. */
const stepsTo = (status: CaseStatus): CaseStatus[] =>
    status === 'deferred' ? ['opened', 'scheduled', 'deferred'] : statuses.slice(0, 4);

/** Their own case, or one that they look after for somebody. */
export const isOwn = (entry: WorklistEntry): boolean =>
    entry.role === roleNumbers.patient || entry.role === roleNumbers.proxy;

export function StatusPage({ entries }: { entries: WorklistEntry[] }) {
    const { words } = useSpeech();
    const own = entries.length > 0 && entries.every(isOwn);
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="status" id="content">
                <h1>{own ? words.yourCase : words.yourPatients}</h1>
                {!own && <p className="mute">{words.yourPatientsLead}</p>}
                {entries.map((entry, index) => (
                    <StatusCard key={entry.id} entry={entry} number={index + 1} />
                ))}
                <p className="mute small">{words.statusFullRecord}</p>
            </main>
        </div>
    );
}

function StatusCard({ entry, number }: { entry: WorklistEntry; number: number }) {
    const actor = useCase(entry.id);
    return actor ? (
        <LiveCard actor={actor} entry={entry} number={number} />
    ) : (
        <Card status={statuses[entry.status] ?? 'opened'} at={entry.at} entry={entry} number={number} />
    );
}

function LiveCard({
    actor,
    entry,
    number,
}: {
    actor: CaseActor;
    entry: WorklistEntry;
    number: number;
}) {
    const status = useModel(actor, (model) => model?.status) ?? statuses[entry.status] ?? 'opened';
    const at = useModel(actor, (model) => model?.statusAt) ?? entry.at;
    return <Card status={status} at={at} entry={entry} number={number} />;
}

interface CardProps {
    status: CaseStatus;
    at: number;
    entry: WorklistEntry;
    number: number;
}

function Card({ status, at, entry, number }: CardProps) {
    const { words, language } = useSpeech();
    const steps = stepsTo(status);
    const now = steps.indexOf(status);
    const id = `case-${entry.id}`;
    const name = personName(entry.detail) || entry.title || words.statusCase(number);
    return (
        <article className="card" aria-labelledby={id} data-status={status}>
            <p className="mute small">{name}</p>
            <h2 id={id} aria-live="polite">
                {words.statusHeadline[status]}
            </h2>
            <p className="next">{words.statusNext[status]}</p>
            <ol className="steps">
                {steps.map((step, index) => {
                    const place = index < now ? 'done' : index === now ? 'now' : 'later';
                    const said = { done: words.stepDone, now: words.stepNow, later: words.stepLater };
                    return (
                        <li
                            key={step}
                            className={place}
                            aria-current={place === 'now' ? 'step' : undefined}
                        >
                            <span className="dot" />
                            <span>{words.statusSteps[step]}</span>
                            <small>
                                {place === 'now' && at > 0
                                    ? words.since(dateTimeText(at, language))
                                    : said[place]}
                            </small>
                        </li>
                    );
                })}
            </ol>
            {isOwn(entry) && (
                <p>
                    <a className="button" href={`/cases/${entry.id}/consent`} onClick={follow}>
                        {words.consent.button}
                    </a>
                </p>
            )}
        </article>
    );
}
