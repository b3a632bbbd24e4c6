// The case card, beside the images: who the patient is, what the board is asked, and what it needs to know.
// Each line is edited where it stands and names its author; what a board asks for and lacks is said in words.
import { Fragment, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { checksOf, entryOf, missingTopics, writtenTopics } from '../state/card';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { useDraft } from '../state/drafts';
import { useSession, useUser } from '../state/use_client';
import { Button } from '../ui/controls';
import { refusalText } from '../ui/refusal';
import { whoIs } from '../state/who';
import { ZERO_UUID, type CardEntry, type CardTopic } from '../wire';
import { useSpeech, useWords, whenText } from '../words';

interface CaseCardProps {
    actor: CaseActor;
    model: CaseModel;
    /** Whose checks count; without one, those of all boards that have the case. */
    board: string | undefined;
    /** The number of the case there. */
    item: number | undefined;
    mayWrite: boolean;
    nameOf: (user: string) => string;
}

export function CaseCard(props: CaseCardProps) {
    const { actor, model, board, mayWrite } = props;
    const words = useWords();
    const missing = missingTopics(model, checksOf(model, board));
    const written = writtenTopics.filter(
        (topic) => missing.includes(topic) || (entryOf(model, topic)?.text ?? '') !== '',
    );
    const empty = writtenTopics.filter((topic) => !written.includes(topic));
    return (
        <section className="case-card" aria-label={words.card.title}>
            <Identity model={model} item={props.item} />
            {missing.length > 0 && (
                <p className="lacking" role="status">
                    {words.card.missingList(missing.map((topic) => words.card.topic[topic]).join(', '))}
                </p>
            )}
            {written.map((topic) => (
                <CardLine key={topic} {...props} topic={topic} lacking={missing.includes(topic)} />
            ))}
            {mayWrite &&
                empty.map((topic) => <CardLine key={topic} {...props} topic={topic} lacking={false} />)}
            <PrivateNote patientCase={actor.id} />
        </section>
    );
}

function Identity({ model, item }: { model: CaseModel; item: number | undefined }) {
    const words = useWords();
    const who = whoIs(words, model, item);
    const kind = [who.age, who.sex].filter(Boolean);
    const about = [who.birthDate, who.patientId, words.caseStatus[model.status]].filter(Boolean);
    return (
        <div className="who">
            <b>{who.name}</b>
            {kind.length > 0 && <span>{kind.join(', ')}</span>}
            <small className="mute">
                {about.map((part, index) => (
                    <Fragment key={part}>
                        {index > 0 && ' · '}
                        <span className="whole">{part}</span>
                    </Fragment>
                ))}
            </small>
            {who.masked && <small className="mute">{words.masked.help}</small>}
            {model.title !== '' && <p className="case-title">{model.title}</p>}
        </div>
    );
}

interface CardLineProps extends CaseCardProps {
    topic: CardTopic;
    lacking: boolean;
}

interface CardDraft {
    text: string;
    /** Version of the entry that was edited. */
    based: number;
}

function CardLine({ actor, model, topic, lacking, mayWrite, nameOf }: CardLineProps) {
    const { words, language } = useSpeech();
    const entry = entryOf(model, topic);
    const [draft, setDraft] = useDraft<CardDraft>(`card ${actor.id} ${topic}`);
    const button = useRef<HTMLButtonElement>(null);
    const [begun, setBegun] = useState(false);
    const label = words.card.topic[topic];
    const text = entry?.text ?? '';
    const verb = text === '' ? words.card.write : words.card.change;
    const close = () => {
        setDraft(undefined);
        window.setTimeout(() => button.current?.focus());
    };
    return (
        <div className="card-line" data-topic={topic} data-lacking={lacking || undefined}>
            <div className="row">
                <h3 className="grow">{label}</h3>
                {lacking && <span className="lacking">{words.card.missing}</span>}
                {mayWrite && draft === undefined && (
                    <button
                        ref={button}
                        type="button"
                        className="button quiet tight"
                        aria-label={`${verb}: ${label}`}
                        onClick={() => {
                            setBegun(true);
                            setDraft({ text, based: entry?.version ?? 0 });
                        }}
                    >
                        {verb}
                    </button>
                )}
            </div>
            {draft === undefined ? (
                <>
                    {text !== '' && <p className="said">{text}</p>}
                    {text !== '' && entry && (
                        <small className="mute">
                            {words.card.by(nameOf(entry.by), whenText(entry.at, language))}
                        </small>
                    )}
                </>
            ) : (
                <EditLine
                    actor={actor}
                    topic={topic}
                    label={label}
                    focus={begun}
                    entry={entry}
                    draft={draft}
                    setDraft={setDraft}
                    close={close}
                    nameOf={nameOf}
                />
            )}
        </div>
    );
}

interface EditLineProps {
    actor: CaseActor;
    topic: CardTopic;
    label: string;
    /** Just begun: a draft that was found again takes no keys away from the meeting. */
    focus: boolean;
    entry: CardEntry | undefined;
    draft: CardDraft;
    setDraft: (draft: CardDraft) => void;
    close: () => void;
    nameOf: (user: string) => string;
}

/** Somebody who wrote the same line meanwhile is not overwritten: both texts stand one above the other. */
function EditLine(props: EditLineProps) {
    const { actor, topic, label, focus, entry, draft, setDraft, close, nameOf } = props;
    const words = useWords();
    const [problem, setProblem] = useState('');
    const changed = entry !== undefined && entry.version !== draft.based;
    const save = async (based: number) => {
        setProblem('');
        const outcome = await actor.command({ type: 'SetCard', topic, text: draft.text.trim(), based });
        const refused = refusalText(words, outcome);
        if (refused === undefined) {
            close();
        } else {
            setProblem(refused);
        }
    };
    const onKeyDown = (event: KeyboardEvent) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            void save(draft.based);
        } else if (event.key === 'Escape') {
            event.preventDefault();
            close();
        }
    };
    return (
        <div className="stack">
            {changed && (
                <div className="theirs" role="status">
                    <small className="lacking">
                        {words.card.changedBy(nameOf(entry.by === ZERO_UUID ? '' : entry.by))}
                    </small>
                    <p className="said">{entry.text}</p>
                </div>
            )}
            <Growing
                label={label}
                focus={focus}
                value={draft.text}
                onChange={(text) => setDraft({ ...draft, text })}
                onKeyDown={onKeyDown}
            />
            {problem !== '' && (
                <p className="problem" role="alert">
                    {problem}
                </p>
            )}
            <div className="row wrap">
                {changed ? (
                    <>
                        <Button tight onClick={() => void save(entry.version)}>
                            {words.card.keepMine}
                        </Button>
                        <Button tight onClick={close}>
                            {words.card.takeTheirs}
                        </Button>
                    </>
                ) : (
                    <>
                        <Button tight look="primary" onClick={() => void save(draft.based)}>
                            {words.save}
                        </Button>
                        <Button tight look="quiet" onClick={close}>
                            {words.cancel}
                        </Button>
                    </>
                )}
            </div>
        </div>
    );
}

interface GrowingProps {
    label: string;
    focus: boolean;
    value: string;
    onChange: (text: string) => void;
    onKeyDown: (event: KeyboardEvent) => void;
}

const CARD_TEXT_MAX = 4000;
const ROWS_MAX = 14;

function Growing({ label, focus, value, onChange, onKeyDown }: GrowingProps) {
    const ref = useRef<HTMLTextAreaElement>(null);
    useEffect(() => {
        const field = ref.current;
        if (focus && field) {
            field.focus();
            field.setSelectionRange(field.value.length, field.value.length);
        }
    }, [focus]);
    const rows = Math.min(ROWS_MAX, Math.max(3, value.split('\n').length + Math.floor(value.length / 40)));
    return (
        <textarea
            ref={ref}
            className="input"
            aria-label={label}
            rows={rows}
            maxLength={CARD_TEXT_MAX}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            onKeyDown={onKeyDown}
        />
    );
}

const NOTE_MAX = 2000;

/** Kept when one leaves the field; nobody else ever sees it. */
function PrivateNote({ patientCase }: { patientCase: string }) {
    const words = useWords();
    const { client } = useSession();
    const kept = useUser((user) => user?.notes.get(patientCase)) ?? '';
    const [draft, setDraft] = useDraft<string>(`note ${patientCase}`);
    const [problem, setProblem] = useState('');
    const keep = async () => {
        if (draft === undefined || draft === kept) {
            setDraft(undefined);
            return;
        }
        const outcome = await client.user.command({ type: 'SetNote', patientCase, text: draft });
        const refused = refusalText(words, outcome);
        setProblem(refused ?? '');
        if (refused === undefined) {
            setDraft(undefined);
        }
    };
    return (
        <div className="private-note">
            <label>
                <span className="row">
                    <b className="grow">{words.card.privateNote}</b>
                    {draft !== undefined && draft !== kept && (
                        <small className="lacking">{words.card.notSaved}</small>
                    )}
                </span>
                <small className="mute">{words.card.privateNoteHelp}</small>
                <textarea
                    className="input"
                    rows={2}
                    maxLength={NOTE_MAX}
                    value={draft ?? kept}
                    onChange={(event) => setDraft(event.target.value)}
                    onBlur={() => void keep()}
                />
            </label>
            {problem !== '' && (
                <p className="problem" role="alert">
                    {problem}
                </p>
            )}
        </div>
    );
}
