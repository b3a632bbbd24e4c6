// The case on one screen: who, the question, everything there is to show, what was drawn.
import { memo, useState } from 'react';
import type { CaseActor } from '../state/client';
import { useModel } from '../state/use_client';
import { useStore } from '../state/store';
import { Button } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { follow } from '../ui/route';
import { firstView, isPrior, type DisplaySet } from '../viewer';
import { drawingName, drawingText } from '../viewer/drawing_words';
import type { StoredAnnotation } from '../wire';
import { isoDate, useSpeech, useWords, type Words } from '../words';
import { CaseCard } from './case_card';
import { KeyImages } from './key_images';
import { KeptList } from './kept_list';
import { OtherFiles } from './other_files';
import { PresentationList } from './presentation_list';
import { ReportList } from './report_list';
import type { StageHands } from './use_stage';
import { useWithheldHelp } from './withheld';

const LABEL_MAX = 100;

interface CasePanelProps {
    actor: CaseActor;
    hands: StageHands | undefined;
    me: string;
    board: string | undefined;
    item: number | undefined;
    mayWrite: boolean;
    nameOf: (user: string) => string;
}

export const CasePanel = memo(function CasePanel(props: CasePanelProps) {
    const { actor, hands, me, board, mayWrite, nameOf } = props;
    const words = useWords();
    const model = useModel(actor, (patientCase) => patientCase);
    const ended = useModel(actor, (_, held) => held.ended);
    const withheldHelp = useWithheldHelp(actor);
    if (!model || ended) {
        return <p className="mute">{ended ? withheldHelp : words.loadingCase}</p>;
    }
    return (
        <div className="case-panel">
            <CaseCard
                actor={actor}
                model={model}
                board={board}
                item={props.item}
                mayWrite={mayWrite}
                nameOf={nameOf}
            />
            {hands && <SeriesList hands={hands} />}
            {mayWrite && (
                <a className="button quiet tight add-images" href={`/cases/${actor.id}/images`} onClick={follow}>
                    {words.upload.addImages}
                </a>
            )}
            <KeyImages
                actor={actor}
                model={model}
                hands={hands}
                mayWrite={mayWrite}
                nameOf={nameOf}
            />
            <section>
                <h2>{words.drawings}</h2>
                {model.annotations.length === 0 ? (
                    <p className="mute">{words.noDrawings}</p>
                ) : (
                    <ul className="list">
                        {model.annotations.map((one) => (
                            <DrawingRow
                                key={one.annotation.annotation}
                                stored={one}
                                actor={actor}
                                hands={hands}
                                mine={one.by === me}
                                by={nameOf(one.by)}
                            />
                        ))}
                    </ul>
                )}
            </section>
            {hands && <PresentationList hands={hands} />}
            {hands && <ReportList hands={hands} stored={model.annotations} />}
            {hands && model.clinical && !model.masked && <KeptList actor={actor} hands={hands} />}
            <OtherFiles actor={actor} told={model.clinical && !model.masked} nameOf={nameOf} />
        </div>
    );
});

const kinds = ['volume', 'stack', 'slide', 'label', 'document'];

/** Images before documents, the newest study first: the order in which one looks. */
const inReadingOrder = (a: DisplaySet, b: DisplaySet): number =>
    Number(a.kind === 'document') - Number(b.kind === 'document') ||
    b.studyDate.localeCompare(a.studyDate) ||
    kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
    a.seriesNumber - b.seriesNumber;

const imageCount = (set: DisplaySet): number =>
    set.instances.reduce((count, one) => count + Math.max(1, one.frames), 0);

function seriesName(words: Words, set: DisplaySet): string {
    const own = set.seriesDescription || set.studyDescription;
    if (set.kind === 'document' && (own === '' || own === set.modality)) {
        return words.report;
    }
    return own || set.modality;
}

/** Several glasses of one series are told apart by their order, which is the server's. */
function slideName(words: Words, set: DisplaySet, sets: readonly DisplaySet[]): string {
    const slides = sets.filter((one) => one.kind === 'slide' && one.seriesUid === set.seriesUid);
    return slides.length > 1 ? words.slide.oneOf(slides.indexOf(set) + 1, slides.length) : words.slide.one;
}

function seriesCount(words: Words, set: DisplaySet, sets: readonly DisplaySet[]): string {
    switch (set.kind) {
        case 'document':
            return words.seriesDocument;
        case 'slide':
            return slideName(words, set, sets);
        case 'label':
            return words.slide.label;
        default:
            return words.seriesImages(imageCount(set));
    }
}

/** Labels of slides carry names, and nobody looks for one among the images: they are listed when asked for. */
function SeriesList({ hands }: { hands: StageHands }) {
    const words = useWords();
    const { controller } = hands;
    const sets = useStore(controller.state, (state) => state.sets);
    const shown = useStore(controller.state, (state) =>
        state.seen.viewports.map((viewport) => viewport.displaySet),
    );
    const [labels, setLabels] = useState(false);
    const hidden = sets.filter((set) => set.kind === 'label').length;
    const show = (set: DisplaySet) => {
        const { seen } = controller.state.get();
        const { linked } = seen.viewports[seen.active] ?? { linked: false };
        const viewport = { ...firstView(set), linked: linked && ['volume', 'stack'].includes(set.kind) };
        controller.replace({
            ...seen,
            savedView: undefined,
            viewports: seen.viewports.map((one, at) => (at === seen.active ? viewport : one)),
        });
    };
    return (
        <section>
            <h2>{words.series}</h2>
            {sets.length === 0 && <p className="mute">{words.noSeries}</p>}
            <ul className="list">
                {[...sets].filter((set) => labels || set.kind !== 'label').sort(inReadingOrder).map((set) => {
                    const on = shown.includes(set.displaySet);
                    const about = [
                        set.modality,
                        isoDate(set.studyDate),
                        seriesCount(words, set, sets),
                        isPrior(sets, set) ? words.prior : '',
                    ];
                    return (
                        <li key={set.displaySet}>
                            <button
                                type="button"
                                className={on ? 'series on' : 'series'}
                                aria-pressed={on}
                                onClick={() => show(set)}
                            >
                                <span>{seriesName(words, set)}</span>
                                <small className="mute">{about.filter(Boolean).join(' · ')}</small>
                            </button>
                        </li>
                    );
                })}
            </ul>
            {hidden > 0 && (
                <Button onClick={() => setLabels(!labels)}>
                    {labels ? words.slide.hideLabels : words.slide.showLabels(hidden)}
                </Button>
            )}
        </section>
    );
}

interface DrawingLabelProps {
    label: string;
    onDone: (label: string) => void;
}

/** Enter keeps the words, Escape those there were. */
function DrawingLabel({ label, onDone }: DrawingLabelProps) {
    const { words } = useSpeech();
    const [text, setText] = useState(label);
    return (
        <input
            className="input"
            autoFocus
            maxLength={LABEL_MAX}
            aria-label={words.looking.labelOf}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onBlur={() => onDone(text.trim())}
            onKeyDown={(event) => {
                if (event.key === 'Enter') {
                    onDone(text.trim());
                } else if (event.key === 'Escape') {
                    event.stopPropagation();
                    onDone(label);
                }
            }}
        />
    );
}

interface DrawingRowProps {
    stored: StoredAnnotation;
    actor: CaseActor;
    hands: StageHands | undefined;
    mine: boolean;
    by: string;
}

function DrawingRow({ stored, actor, hands, mine, by }: DrawingRowProps) {
    const { words, language } = useSpeech();
    const [naming, setNaming] = useState(false);
    const { annotation } = stored;
    const text = drawingText(annotation, words, language) || drawingName(annotation, words);
    const goThere = () => {
        if (!hands) {
            return;
        }
        const { controller } = hands;
        const { seen } = controller.state.get();
        const before = seen.viewports[seen.active];
        const base =
            before?.displaySet === annotation.displaySet ? { ...before, plane: undefined } : undefined;
        const set = controller.state
            .get()
            .sets.find((one) => one.displaySet === annotation.displaySet);
        const viewport = base ?? (set && firstView(set));
        if (viewport) {
            controller.change(
                seen.active,
                { ...viewport, image: annotation.image },
                { what: 'other' },
            );
        }
    };
    return (
        <li className="row drawing-row">
            <button type="button" className="series grow" onClick={goThere}>
                <span>{text}</span>
                <small className="mute">
                    {[drawingName(annotation, words), words.drawingBy(by)].join(' · ')}
                </small>
            </button>
            {mine && naming && (
                <DrawingLabel
                    label={annotation.label}
                    onDone={(label) => {
                        setNaming(false);
                        if (label !== annotation.label) {
                            const { annotation: id } = annotation;
                            const ask = { type: 'LabelAnnotation', annotation: id, label } as const;
                            void sayRefusal(words, actor.command(ask));
                        }
                    }}
                />
            )}
            {mine && !naming && (
                <Button tight look="quiet" onClick={() => setNaming(true)}>
                    {words.looking.label}
                </Button>
            )}
            {mine && (
                <Button
                    tight
                    look="quiet"
                    aria-label={words.removeDrawing}
                    onClick={() =>
                        void sayRefusal(
                            words,
                            actor.command({
                                type: 'RemoveAnnotation',
                                annotation: annotation.annotation,
                                reason: 'removed',
                            }),
                        )
                    }
                >
                    {words.remove}
                </Button>
            )}
        </li>
    );
}
