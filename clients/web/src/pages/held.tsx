// Images that say another patient than the case: what the case says beside what they say, and a person who decides.
import { useEffect, useState } from 'react';
import { bytesOfHex, heldOf, type HeldList, type HeldStudy, type SaysField } from '../connection/held';
import { isCreated } from '../state/created';
import type { CaseActor } from '../state/client';
import { hasRole, useCase, useLine, useModel } from '../state/use_client';
import { Button, Notice, Sheet } from '../ui/controls';
import { tell, TopBar } from '../ui/frame';
import { ReasonForm } from '../ui/reason_form';
import { refusalText } from '../ui/refusal';
import { follow } from '../ui/route';
import { dateTimeText, isoDate, personName, useSpeech, useWords } from '../words';
import { sizeText } from '../words/bytes';
import { HeldDecided, useNames } from './held_decided';
import { Ended, Nowhere } from './nowhere';
import './held.css';

/** Between two tries to read the list. */
const AGAIN_MS = 5000;
const fields: readonly SaysField[] = ['name', 'birthDate', 'sex', 'patientId'];

/**
 * The list, asked for again whenever the archive said that it is another one: not when a decision is made, but when
 * it was carried out. `undefined` while it comes; what cannot be read now is tried again.
 */
function useHeld(actor: CaseActor): HeldList | 'away' | undefined {
    const noted = useModel(actor, (model) => model?.heldNoted);
    const live = useLine().state.at === 'live';
    const [list, setList] = useState<HeldList | 'away'>();
    useEffect(() => {
        let gone = false;
        let timer = 0;
        const ask = async () => {
            const answer = await heldOf(actor.id);
            if (gone) {
                return;
            }
            setList((before) => answer ?? before ?? 'away');
            if (!answer) {
                timer = window.setTimeout(() => void ask(), AGAIN_MS);
            }
        };
        if (live) {
            void ask();
        }
        return () => {
            gone = true;
            window.clearTimeout(timer);
        };
    }, [actor.id, noted, live]);
    return list;
}

/** At the top of the case, for who decides; it opens what there is to decide. */
export function HeldBanner({ actor }: { actor: CaseActor }) {
    const words = useWords();
    const studies = useModel(actor, (model) => model?.heldStudies) ?? 0;
    const images = useModel(actor, (model) => model?.heldImages) ?? 0;
    const [open, setOpen] = useState(false);
    return (
        <>
            {studies > 0 && (
                <div className="held-banner" role="status" data-held={studies}>
                    <strong>{words.held.banner(images)}</strong>
                    <Button tight onClick={() => setOpen(true)}>
                        {words.held.look}
                    </Button>
                </div>
            )}
            <Sheet title={words.held.title} open={open} onClose={() => setOpen(false)}>
                <HeldCards actor={actor} />
            </Sheet>
        </>
    );
}

export function HeldPage({ id }: { id: string }) {
    const words = useWords();
    const actor = useCase(id);
    return actor ? <HeldOf actor={actor} /> : <Notice title={words.loading} />;
}

function HeldOf({ actor }: { actor: CaseActor }) {
    const words = useWords();
    const model = useModel(actor, (patientCase) => patientCase);
    const ended = useModel(actor, (_, held) => held.ended);
    const roles = useModel(actor, (_, held) => held.grant.roles);
    if (ended || (model && !isCreated(model))) {
        return <Ended reason={ended ?? 'not_found'} />;
    }
    if (!model) {
        return <Notice title={words.loading} />;
    }
    if (!hasRole(roles, 'coordinator')) {
        return <Nowhere title={words.pageNotFound} help={words.pageNotFoundHelp} />;
    }
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk" id="content">
                <h1>{words.held.title}</h1>
                <p>
                    <b>{personName(model.subject.name)}</b> · {model.title}
                </p>
                <HeldCards actor={actor} />
                <HeldDecided actor={actor} decisions={model.heldDecisions} />
                <div className="row">
                    <a className="button" href={`/cases/${actor.id}`} onClick={follow}>
                        {words.upload.openCase}
                    </a>
                </div>
            </main>
        </div>
    );
}

/** Everything there is to decide of a case, or that there is nothing. */
export function HeldCards({ actor }: { actor: CaseActor }) {
    const words = useWords();
    const list = useHeld(actor);
    const nameOf = useNames(actor);
    if (list === undefined) {
        return <p className="mute">{words.loading}</p>;
    }
    if (list === 'away') {
        return <p className="problem">{words.held.away}</p>;
    }
    if (list.studies.length === 0) {
        return <p className="mute">{words.held.nothing}</p>;
    }
    return (
        <div className="stack">
            <p className="mute">{words.held.lead}</p>
            {list.studies.map((study) => (
                <HeldCard
                    key={study.study + study.patient}
                    actor={actor}
                    list={list}
                    study={study}
                    nameOf={nameOf}
                />
            ))}
            {list.more && <p className="mute">{words.held.more}</p>}
        </div>
    );
}

interface CardProps {
    actor: CaseActor;
    list: HeldList;
    study: HeldStudy;
    nameOf: (user: string) => string;
}

function HeldCard({ actor, list, study, nameOf }: CardProps) {
    const { words, language } = useSpeech();
    const said = words.held;
    const [asking, setAsking] = useState<'join' | 'remove'>();
    const modalities = [...new Set(study.series.map((one) => one.modality))].filter(Boolean).join(', ');
    const title = [modalities, isoDate(study.date), study.description].filter(Boolean).join(' · ');
    const sent = (at: number, by: string) => said.sent(nameOf(by), dateTimeText(at * 1000, language));
    return (
        <section className="held-card" data-held-study={study.study}>
            <h3>{[title, said.images(study.images)].filter(Boolean).join(' · ')}</h3>
            <p className="mute">{sent(study.sentAt, study.sentBy)}</p>
            {study.heldFor === 'patient' ? (
                <Compared list={list} study={study} />
            ) : (
                <p>
                    {said.content(study.images)}
                    {study.shown &&
                        ` ${said.contentShown(sizeText(study.size, language), sizeText(study.shown.size, language))}` +
                            ` ${sent(study.shown.sentAt, study.shown.sentBy)}`}
                </p>
            )}
            <div className="row wrap">
                {study.heldFor === 'patient' && (
                    <Button onClick={() => setAsking('join')}>{said.join}</Button>
                )}
                <Button onClick={() => setAsking('remove')}>
                    {study.heldFor === 'patient' ? said.remove : said.discard}
                </Button>
            </div>
            <Sheet title={said.joinTitle} open={asking === 'join'} onClose={() => setAsking(undefined)}>
                <Join actor={actor} list={list} study={study} onDone={() => setAsking(undefined)} />
            </Sheet>
            <Sheet
                title={study.heldFor === 'patient' ? said.removeTitle : said.discardTitle}
                open={asking === 'remove'}
                onClose={() => setAsking(undefined)}
            >
                <Remove actor={actor} study={study} onDone={() => setAsking(undefined)} />
            </Sheet>
        </section>
    );
}

/** Line by line; what differs says so in a word. */
function Compared({ list, study }: { list: HeldList; study: HeldStudy }) {
    const words = useWords();
    const said = words.held;
    const text = (value: string, field: SaysField): string => {
        switch (field) {
            case 'name':
                return personName(value);
            case 'birthDate':
                return isoDate(value);
            case 'sex':
                return (words.card.sex as Record<string, string>)[value] ?? value;
            default:
                return value;
        }
    };
    return (
        <table className="held-says">
            <thead>
                <tr>
                    <th scope="col">
                        <span className="unseen">{said.field}</span>
                    </th>
                    <th scope="col">{said.caseSays}</th>
                    <th scope="col">{said.imagesSay}</th>
                </tr>
            </thead>
            <tbody>
                {fields.map((field) => {
                    const differs = study.differs.includes(field);
                    return (
                        <tr key={field} className={differs ? 'differs' : undefined} data-field={field}>
                            <th scope="row">{said.fields[field]}</th>
                            <td>{text(list.case[field], field) || said.notSaid}</td>
                            <td>
                                {text(study.says[field], field) || said.notSaid}
                                {differs && <span className="differs-word">{said.differs}</span>}
                            </td>
                        </tr>
                    );
                })}
            </tbody>
        </table>
    );
}

interface DecideProps {
    actor: CaseActor;
    study: HeldStudy;
    onDone: () => void;
}

/** What decisions name it by. */
const aboutOf = ({ study, patient, images }: HeldStudy) => ({
    studyUid: study,
    patient: bytesOfHex(patient),
    images,
});

function Join({ actor, list, study, onDone }: DecideProps & { list: HeldList }) {
    const words = useWords();
    const said = words.held;
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    const join = async () => {
        setBusy(true);
        const refused = refusalText(words, await actor.command({ type: 'JoinHeld', ...aboutOf(study) }));
        setBusy(false);
        setProblem(refused ?? '');
        if (refused === undefined) {
            tell(said.joined);
            onDone();
        }
    };
    return (
        <div className="stack">
            <Compared list={list} study={study} />
            <p className="mute">{said.joinMeans}</p>
            <p className="problem" role="alert">
                {problem}
            </p>
            <div className="row wrap">
                <Button look="primary" disabled={busy} onClick={() => void join()}>
                    {said.joinNow}
                </Button>
            </div>
        </div>
    );
}

function Remove({ actor, study, onDone }: DecideProps) {
    const said = useWords().held;
    return (
        <ReasonForm
            lead={study.heldFor === 'patient' ? said.removeMeans : said.discardMeans}
            label={said.reason}
            help={said.reasonHelp}
            submit={said.removeNow(study.images)}
            done={said.removed}
            send={(reason) =>
                actor.command({ type: 'RemoveHeld', ...aboutOf(study), seen: study.seen, reason })
            }
            onDone={onDone}
        />
    );
}
