// One viewport of the stage: pixels, whose they are, letters, drawings, pointers, hands.
import { memo, useEffect, useMemo, useRef } from 'react';
import type { Annotation, StoredAnnotation, Subject, Viewport } from '../wire';
import { Button, Notice } from '../ui/controls';
import { useStore } from '../state/store';
import type { Who } from '../state/who';
import { useWords, type Words } from '../words';
import { isPrior } from './arrange';
import { linkedByFraction } from './actions';
import { ArrowWords } from './arrow_words';
import { DrawingLayer } from './drawing_layer';
import { Gestures } from './gestures';
import { Facts, Identity, Letters, PresenterFrame } from './overlay';
import { PointerLayer } from './pointer_layer';
import type { OwnPointer } from './pointing';
import { imageNotes, PresentationLayer, presentationNotes, usePresentationName } from './presentation_layer';
import { ReportLayer } from './report_layer';
import type { StageController } from './stage_controller';
import { Marks, ReferenceLines } from './reference_lines';
import { useDrawing } from './use_drawing';
import { usePane, type OnGlass } from './use_pane';

export interface PaneProps {
    controller: StageController;
    pointer: OwnPointer;
    number: number;
    viewport: Viewport;
    /** Panes over and beside each other. */
    grid: string;
    active: boolean;
    following: boolean;
    subject: Subject | undefined;
    masked: Who | undefined;
    stored: readonly StoredAnnotation[];
    notForDiagnosis: boolean;
    nameOf: (user: string) => string;
    finish: (annotation: Annotation) => Promise<boolean>;
    onGlassChange: (number: number, onGlass: OnGlass | undefined) => void;
}

export const PaneView = memo(function PaneView(props: PaneProps) {
    const { controller, pointer, number, viewport, nameOf } = props;
    const words = useWords();
    const frame = useRef<HTMLDivElement>(null);
    const pixels = useRef<HTMLDivElement>(null);
    const pages = useRef<HTMLCanvasElement>(null);
    const slides = useRef<HTMLDivElement>(null);
    const pointers = useRef<HTMLDivElement>(null);
    const elements = useMemo(() => ({ frame, pixels, pages, slides }), []);
    const { onGlass, status, retry } = usePane(
        controller,
        number,
        viewport,
        props.grid,
        elements,
        props.masked !== undefined,
    );
    const drawing = useDrawing(controller, onGlass, props.finish);
    const hands = useRef(drawing);
    hands.current = drawing;

    const { onGlassChange } = props;
    useEffect(() => onGlassChange(number, onGlass), [onGlassChange, number, onGlass]);

    useEffect(() => {
        const element = frame.current;
        if (!element) {
            return undefined;
        }
        const gestures = new Gestures(element, {
            controller,
            pane: number,
            pointer,
            window: () => controller.panes.get(number)?.image?.window,
            drawBegin: (tool, at) => hands.current.begin(tool, at),
            drawTo: (at) => hands.current.to(at),
            drawEnd: (at) => hands.current.end(at),
            drawCancel: () => hands.current.cancel(),
        });
        return () => gestures.close();
    }, [controller, number, pointer]);

    useEffect(() => {
        if (!pointers.current) {
            return undefined;
        }
        const layer = new PointerLayer(controller, number, pointers.current, nameOf, words);
        return () => layer.close();
    }, [controller, number, nameOf, words]);

    useStore(controller.state, (state) => state.links); // what is linked, and how, stands below
    const { sets } = controller.state.get();
    const stated = usePresentationName(onGlass);
    const marks = onGlass
        ? [
              stated,
              isPrior(sets, onGlass.loaded.set) ? words.prior : '',
              onGlass.slide ? '' : linkedMark(words, controller, number, viewport),
              props.following ? '' : words.private,
          ].filter(Boolean)
        : [];
    const document = onGlass?.page !== undefined;
    const looks = ['pane', props.active && 'active', document && 'paper'];
    return (
        <div
            className={looks.filter(Boolean).join(' ')}
            role="group"
            aria-label={words.viewportLabel(number + 1)}
            data-pane={number}
            data-status={status.is}
            data-slice={onGlass?.image?.slice.sopInstanceUid}
            data-frame={onGlass?.image?.slice.frame}
            data-presentation={onGlass?.image?.presented?.state.sopInstanceUid}
            data-slab={onGlass?.image?.slab?.mode}
            data-quality={onGlass?.image && (onGlass.image.preview > 0 ? 'preview' : 'lossless')}
        >
            <div ref={frame} className="glass">
                <div ref={pixels} className={onGlass?.image ? 'pixels' : 'pixels away'} />
                <div ref={slides} className={onGlass?.slide ? 'slides' : 'slides away'} />
                <canvas ref={pages} className={document ? 'pages' : 'pages away'} />
                {onGlass && <PresentationLayer onGlass={onGlass} />}
                {onGlass && (
                    <ReportLayer shelf={controller.reports} onGlass={onGlass} stored={props.stored} />
                )}
                {onGlass && (
                    <DrawingLayer
                        controller={controller}
                        onGlass={onGlass}
                        stored={props.stored}
                        own={drawing.own}
                        nameOf={nameOf}
                    />
                )}
                {onGlass && (
                    <ReferenceLines controller={controller} pane={number} onGlass={onGlass} />
                )}
                {onGlass && <Marks controller={controller} onGlass={onGlass} />}
                {onGlass && props.following && !controller.state.get().presenting && (
                    <PresenterFrame onGlass={onGlass} />
                )}
                <div ref={pointers} className="pointers" aria-hidden="true" />
            </div>
            {onGlass && drawing.naming && (
                <ArrowWords
                    at={drawing.naming}
                    glass={onGlass.glass}
                    onDone={drawing.name}
                    onCancel={drawing.cancel}
                />
            )}
            {onGlass && (
                <div className={document ? 'words on-paper' : 'words'}>
                    <Identity onGlass={onGlass} subject={props.subject} masked={props.masked} />
                    <Letters onGlass={onGlass} />
                    <Facts
                        onGlass={onGlass}
                        notForDiagnosis={props.notForDiagnosis}
                        marks={marks}
                        notes={[
                            ...imageNotes(words, onGlass),
                            ...presentationNotes(words, onGlass, props.masked !== undefined),
                        ]}
                        loading={status.is === 'fetching'}
                    />
                </div>
            )}
            {status.is === 'fetching' && (!onGlass || status.percent >= 0) && (
                <div className="fetching" role="status">
                    {status.percent >= 0 ? words.fetchingPercent(status.percent) : words.fetching}
                </div>
            )}
            {status.is === 'empty' && <Notice title={words.emptyPane} />}
            {status.is === 'masked' && (
                <Notice {...maskedText(words, status.what)} />
            )}
            {status.is === 'failed' && (
                <Notice {...failedText(words, status.why)}>
                    <Button onClick={retry}>{words.tryAgain}</Button>
                </Notice>
            )}
        </div>
    );
});

const maskedText = ({ masked }: Words, what: 'document' | 'image') =>
    what === 'document'
        ? { title: masked.document, help: masked.documentHelp }
        : { title: masked.image, help: masked.imageHelp };

const failedText = ({ imageFailed, imageFailedHelp, looking }: Words, why: 'image' | 'palette' | 'large') =>
    why === 'image' ? { title: imageFailed, help: imageFailedHelp } : { title: imageFailed, help: looking.failed[why] };

function linkedMark(
    words: ReturnType<typeof useWords>,
    controller: StageController,
    number: number,
    viewport: Viewport,
): string {
    if (!viewport.linked) {
        return '';
    }
    return linkedByFraction(controller, number) ? words.linkedByFraction : words.linked;
}
