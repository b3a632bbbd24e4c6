// What is on the paper.
import { DecisionLines, TaskLines } from '../board/decision_text';
import { stateInWords } from '../board/item_words';
import { Addenda, SignatureLine } from '../board/signature_line';
import type { BoardAtRest } from '../state/board_state';
import { isSigned, totalsOf, type CaseMinutes, type DisciplineAttendance, type Minutes } from '../state/minutes';
import { whoIs } from '../state/who';
import { numberText, useSpeech, useWords, paperTime } from '../words';

interface PaperProps {
    board: BoardAtRest;
    minutes: Minutes;
    nameOf: (user: string) => string;
}

const useMinutes = (): ((milliseconds: number) => string) => {
    const { language } = useSpeech();
    return (milliseconds) => numberText(milliseconds / 60_000, language, 1);
};

interface MinutesPaperProps extends Omit<PaperProps, 'board'> {
    /** A case that is still on its way is not on the paper: what it lacks would look withheld. */
    isRead: (patientCase: string) => boolean;
}

export function MinutesPaper({ minutes, isRead, nameOf }: MinutesPaperProps) {
    const words = useWords();
    const inMinutes = useMinutes();
    const totals = totalsOf(minutes);
    return (
        <>
            <Attendance minutes={minutes} />
            <section aria-labelledby="cases">
                <h2 id="cases">{words.minutes.cases}</h2>
                {minutes.cases.length === 0 ? (
                    <p className="mute">{words.minutes.noCases}</p>
                ) : (
                    <p>
                        {words.minutes.totals(
                            totals.decided,
                            totals.deferred,
                            totals.notDiscussed,
                            totals.standard,
                        )}
                        {' · '}
                        {words.minutes.minutes(
                            inMinutes(totals.usedMs),
                            inMinutes(totals.plannedMs),
                        )}
                    </p>
                )}
                {minutes.cases
                    .filter(({ item }) => isRead(item.patientCase))
                    .map((one) => (
                        <CasePaper key={one.item.item} one={one} nameOf={nameOf} />
                    ))}
            </section>
        </>
    );
}

function Attendance({ minutes }: { minutes: Minutes }) {
    const words = useWords();
    return (
        <section aria-labelledby="attendance">
            <h2 id="attendance">{words.minutes.attendance}</h2>
            {minutes.coreMissing.length > 0 && (
                <p className="lacking">
                    {words.minutes.coreMissing(minutes.coreMissing.join(', '))}
                </p>
            )}
            <table>
                <thead>
                    <tr>
                        <th scope="col">{words.minutes.discipline}</th>
                        <th scope="col">{words.minutes.present}</th>
                        <th scope="col">{words.minutes.absent}</th>
                    </tr>
                </thead>
                <tbody>
                    {minutes.disciplines.map((one) => (
                        <DisciplineRow key={one.discipline} one={one} />
                    ))}
                </tbody>
            </table>
        </section>
    );
}

function DisciplineRow({ one }: { one: DisciplineAttendance }) {
    const words = useWords();
    const present = one.people
        .filter((person) => person.present)
        .map((person) => (person.ticked ? `${person.name} (${words.minutes.onSite})` : person.name));
    const absent = one.people.filter((person) => !person.present).map((person) => person.name);
    return (
        <tr>
            <th scope="row">
                {one.discipline || words.minutes.noDiscipline}
                {one.core && <small className="mute"> · {words.minutes.core}</small>}
            </th>
            <td>{present.join('; ')}</td>
            <td className="mute">{absent.join('; ')}</td>
        </tr>
    );
}

function Patient({ one }: { one: CaseMinutes }) {
    const words = useWords();
    const { subject } = one;
    if (!subject) {
        return <span className="mute">{words.minutes.withheld}</span>;
    }
    const who = whoIs(words, { ...one, subject }, one.item.item);
    const about = who.masked ? [who.age, who.sex] : [who.birthDate, who.patientId];
    return (
        <>
            <b>{who.name}</b>{' '}
            <small className="mute">{about.filter(Boolean).join(' · ')}</small>
        </>
    );
}

function CasePaper({ one, nameOf }: { one: CaseMinutes; nameOf: (user: string) => string }) {
    const words = useWords();
    const inMinutes = useMinutes();
    const state = stateInWords(words, one.item);
    return (
        <article className="case-paper" data-case={one.item.item}>
            <h3>
                {one.number}. <Patient one={one} />
            </h3>
            {one.title !== '' && <p>{one.title}</p>}
            <p>
                <span className={state.look}>{state.text}</span>
                {one.reason !== '' && `: ${one.reason}`}
                {' · '}
                {words.minutes.minutes(inMinutes(one.usedMs), inMinutes(one.plannedMs))}
            </p>
            {one.unready !== '' && <p className="lacking">{words.minutes.unready(one.unready)}</p>}
            <CaseRecord one={one} nameOf={nameOf} />
        </article>
    );
}

/** What was shown, decided, voted and given to do. */
function CaseRecord({ one, nameOf }: { one: CaseMinutes; nameOf: (user: string) => string }) {
    const { words, language } = useSpeech();
    const { decision, votes } = one;
    return (
        <div className="record">
            {one.keyImages.length > 0 && (
                <dl className="facts">
                    <dt>{words.minutes.shown}</dt>
                    <dd>{one.keyImages.map((image) => image.title).join('; ')}</dd>
                </dl>
            )}
            {decision && <DecisionLines decision={decision} template={one.template} />}
            {decision?.standard && <p className="mute">{words.decision.standard}</p>}
            {votes && votes.current.length + votes.older.length > 0 && (
                <dl className="facts">
                    <dt>{words.minutes.votes}</dt>
                    <dd>{words.vote.cast(votes.agree, votes.dissent, votes.abstain)}</dd>
                    {[...votes.current, ...votes.older]
                        .filter((vote) => vote.choice === 'dissent')
                        .map((vote) => (
                            <dd key={vote.person}>
                                {vote.name}: {vote.reason}
                            </dd>
                        ))}
                </dl>
            )}
            <TaskLines tasks={one.tasks} />
            {decision &&
                (isSigned(decision) ? (
                    <SignatureLine
                        patientCase={one.item.patientCase}
                        decision={decision}
                        tasks={one.tasks}
                    />
                ) : (
                    <p className="lacking">
                        <b>{words.minutes.unsigned}</b>
                        {' · '}
                        {words.decision.recordedBy(
                            nameOf(decision.by),
                            paperTime(decision.at, language),
                        )}
                    </p>
                ))}
            {decision && <Addenda patientCase={one.item.patientCase} decision={decision} />}
        </div>
    );
}

export function AgendaPaper({ board, minutes }: Omit<PaperProps, 'nameOf'>) {
    const words = useWords();
    const inMinutes = useMinutes();
    const presenter = (user: string) => board.members.find((one) => one.user === user)?.name ?? '';
    return (
        <section>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{words.patient}</th>
                        <th scope="col">{words.caseQuestion}</th>
                        <th scope="col">{words.presenter}</th>
                        <th scope="col">{words.minutes.planned}</th>
                    </tr>
                </thead>
                <tbody>
                    {minutes.cases.map((one) => (
                        <tr key={one.item.item}>
                            <th scope="row">
                                {one.number}. <Patient one={one} />
                            </th>
                            <td>
                                {one.title}
                                {one.item.missing.length > 0 && (
                                    <small className="lacking">
                                        {' · '}
                                        {words.card.missingList(
                                            one.item.missing
                                                .map((topic) => words.card.topic[topic])
                                                .join(', '),
                                        )}
                                    </small>
                                )}
                            </td>
                            <td>{presenter(one.item.presenter)}</td>
                            <td>{words.minutesPlanned(inMinutes(one.plannedMs))}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </section>
    );
}

/** One page for each decision, with the patient at its head. */
export function DecisionPapers({ board, minutes, nameOf }: PaperProps) {
    const { words, language } = useSpeech();
    const decided = minutes.cases.filter((one) => one.decision);
    return (
        <>
            {decided.map((one) => (
                <article key={one.item.item} className="own-page">
                    <p className="mute">
                        {board.title} · {paperTime(board.startsAt, language)}
                    </p>
                    <h2>
                        <Patient one={one} />
                    </h2>
                    {one.title !== '' && <p>{one.title}</p>}
                    <CaseRecord one={one} nameOf={nameOf} />
                </article>
            ))}
            {decided.length === 0 && <p className="mute">{words.decision.none}</p>}
        </>
    );
}
