// A board series: its people, what it asks for, and its meetings.
import { useEffect, useState, type FormEvent } from 'react';
import { people } from '../connection/http';
import { isCreated } from '../state/created';
import type { SeriesActor } from '../state/client';
import type { SeriesModel } from '../state/series_state';
import { hasRole, useModel, useSeries, useSession, useUser } from '../state/use_client';
import { makesFor } from '../state/user_state';
import { Button, Field, Notice } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { refusalText, sayRefusal } from '../ui/refusal';
import { follow, go } from '../ui/route';
import { roleNumbers, type SeriesMember, type Template } from '../wire';
import { dateTimeText, localInput, timeOfInput, useSpeech, useWords } from '../words';
import { Ended } from './nowhere';
import { Roster } from './roster';
import { TemplateForm, trimmed, usualTemplate } from './template_form';

const disciplinesOf = (members: readonly SeriesMember[]): string[] =>
    [...new Set(members.map((one) => one.discipline))].filter((one) => one !== '');

export function SeriesPage({ id }: { id: string }) {
    const words = useWords();
    const actor = useSeries(id);
    return actor ? <SeriesOf actor={actor} /> : <Notice title={words.loading} />;
}

function SeriesOf({ actor }: { actor: SeriesActor }) {
    const words = useWords();
    const series = useModel(actor, (model) => model);
    const ended = useModel(actor, (_, held) => held.ended);
    const roles = useModel(actor, (_, held) => held.grant.roles);
    if (ended) {
        return <Ended reason={ended} />;
    }
    if (!series) {
        return <Notice title={words.loading} />;
    }
    if (!isCreated(series)) {
        return <Ended reason="not_found" />;
    }
    const mayEdit = hasRole(roles, 'administrator', 'coordinator', 'chair');
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk" id="content">
                <h1>{series.title}</h1>
                <p className="mute">{words.boardSeries.lead}</p>
                <Meetings
                    actor={actor}
                    series={series}
                    mayPlan={hasRole(roles, 'coordinator', 'chair')}
                />
                {mayEdit ? (
                    <>
                        <section>
                            <Roster
                                members={series.members}
                                onPut={(member) =>
                                    void sayRefusal(
                                        words,
                                        actor.command({ type: 'PutSeriesMember', member }),
                                    )
                                }
                                onDrop={(user) =>
                                    void sayRefusal(
                                        words,
                                        actor.command({ type: 'DropSeriesMember', user }),
                                    )
                                }
                            />
                        </section>
                        <EditTemplate actor={actor} series={series} />
                    </>
                ) : (
                    <ul className="list">
                        {series.members.map((one) => (
                            <li key={one.user} className="member-row">
                                {[one.name, one.discipline].filter(Boolean).join(' · ')}
                            </li>
                        ))}
                    </ul>
                )}
            </main>
        </div>
    );
}

interface MeetingsProps {
    actor: SeriesActor;
    series: SeriesModel;
    mayPlan: boolean;
}

function Meetings({ actor, series, mayPlan }: MeetingsProps) {
    const { words, language } = useSpeech();
    const meetings = [...series.meetings].sort((a, b) => b.startsAt - a.startsAt);
    return (
        <section aria-labelledby="meetings">
            <h2 id="meetings">{words.boardSeries.meetings}</h2>
            {meetings.length === 0 && <p className="mute">{words.boardSeries.noMeetings}</p>}
            <ul className="list">
                {meetings.map((one) => (
                    <li key={one.board}>
                        <a className="entry" href={`/boards/${one.board}`} onClick={follow}>
                            <span className="title">{dateTimeText(one.startsAt, language)}</span>
                        </a>
                    </li>
                ))}
            </ul>
            {mayPlan && <PlanMeeting actor={actor} series={series} />}
        </section>
    );
}

const WEEK_US = 7 * 24 * 3_600_000_000;

function PlanMeeting({ actor, series }: Omit<MeetingsProps, 'mayPlan'>) {
    const words = useWords();
    const last = Math.max(0, ...series.meetings.map((one) => one.startsAt));
    const [title, setTitle] = useState(series.title);
    const [starts, setStarts] = useState(() =>
        localInput(Math.max(Date.now() * 1000, last + WEEK_US)),
    );
    const [problem, setProblem] = useState('');
    const plan = async (event: FormEvent) => {
        event.preventDefault();
        const board = crypto.randomUUID();
        const outcome = await actor.command({
            type: 'PlanMeeting',
            board,
            title: title.trim(),
            startsAt: timeOfInput(starts),
        });
        const refused = refusalText(words, outcome);
        setProblem(refused ?? '');
        if (refused === undefined) {
            go(`/boards/${board}`);
        }
    };
    return (
        <form className="pair plan" onSubmit={(event) => void plan(event)}>
            <Field
                label={words.boardSeries.planTitle}
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
            {problem !== '' && (
                <p className="problem" role="alert">
                    {problem}
                </p>
            )}
            <div className="row">
                <Button type="submit" look="primary">
                    {words.boardSeries.planned}
                </Button>
            </div>
        </form>
    );
}

function EditTemplate({ actor, series }: { actor: SeriesActor; series: SeriesModel }) {
    const words = useWords();
    const [mine, setMine] = useState<Template>();
    const [told, setTold] = useState('');
    const shown = mine ?? series.template;
    const changed = mine !== undefined && mine.version !== series.template.version;
    const save = async (event: FormEvent) => {
        event.preventDefault();
        const template = { ...trimmed(shown), version: series.template.version };
        const outcome = await actor.command({ type: 'EditTemplate', template });
        const refused = refusalText(words, outcome);
        setTold(refused ?? words.boardSeries.saved);
        if (refused === undefined) {
            setMine(undefined);
        }
    };
    return (
        <form className="stack" aria-labelledby="template" onSubmit={(event) => void save(event)}>
            <h2 id="template">{words.boardSeries.template}</h2>
            <p className="mute">
                {words.boardSeries.version(series.template.version)} · {words.boardSeries.templateHelp}
            </p>
            <TemplateForm
                template={shown}
                disciplines={disciplinesOf(series.members)}
                onChange={setMine}
            />
            {changed && <p className="warning">{words.boardSeries.changed}</p>}
            <div className="row wrap">
                <Button type="submit" disabled={mine === undefined}>
                    {words.boardSeries.saveTemplate}
                </Button>
                {mine !== undefined && (
                    <Button look="quiet" onClick={() => setMine(undefined)}>
                        {words.cancel}
                    </Button>
                )}
                <span role="status">{told}</span>
            </div>
        </form>
    );
}

export function NewSeriesPage() {
    const words = useWords();
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk" id="content">
                <h1>{words.boardSeries.newTitle}</h1>
                <p className="mute">{words.boardSeries.lead}</p>
                <NewSeries />
            </main>
        </div>
    );
}

function NewSeries() {
    const words = useWords();
    const { client } = useSession();
    const [title, setTitle] = useState('');
    const [members, setMembers] = useState<SeriesMember[]>([]);
    const [template, setTemplate] = useState(() => usualTemplate(words));
    const [problem, setProblem] = useState('');
    const organisation = useUser((user) => makesFor(user, 'administrator', 'coordinator'));
    useEffect(() => {
        people()
            .then((known) => {
                const me = known.find((one) => one.id === client.me);
                if (me) {
                    const role = roleNumbers.coordinator;
                    setMembers([{ user: me.id, name: me.name, role, discipline: '', noVote: false }]);
                }
            })
            .catch(() => undefined);
    }, [client.me]);
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const id = crypto.randomUUID();
        const actor = client.series.take(id);
        const outcome = await actor.command({
            type: 'CreateSeries',
            title: title.trim(),
            members,
            template: trimmed(template),
            organisation,
        });
        client.series.give(id);
        const refused = refusalText(words, outcome);
        if (refused === undefined) {
            go(`/series/${id}`);
        } else {
            setProblem(refused);
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <Field
                label={words.boardSeries.name}
                help={words.boardTitleHelp}
                required
                autoFocus
                maxLength={100}
                value={title}
                onChange={(event) => setTitle(event.target.value)}
            />
            <Roster
                members={members}
                onPut={(member) =>
                    setMembers((before) =>
                        before.some((one) => one.user === member.user)
                            ? before.map((one) => (one.user === member.user ? member : one))
                            : [...before, member],
                    )
                }
                onDrop={(user) => setMembers((before) => before.filter((one) => one.user !== user))}
            />
            <h2>{words.boardSeries.template}</h2>
            <TemplateForm
                template={template}
                disciplines={disciplinesOf(members)}
                onChange={setTemplate}
            />
            {problem !== '' && (
                <p className="problem" role="alert">
                    {problem}
                </p>
            )}
            <div className="row">
                <Button type="submit" look="primary" disabled={members.length === 0}>
                    {words.boardSeries.create}
                </Button>
            </div>
        </form>
    );
}
