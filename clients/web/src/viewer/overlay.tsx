// Whose image this is and how it is shown, in words, on every viewport, from that image's own header.
import { Fragment } from 'react';
import type { Subject } from '../wire';
import type { Who } from '../state/who';
import { isoDate, numberText, personName, useSpeech, type Words } from '../words';
import { planeName, planeStep } from './arrange';
import type { Header } from './dicom';
import { edgeLetters, imageCenter, presenterFrame } from './geometry';
import { LoadingBar } from './loading_bar';
import { millimetresPerUnit, roundLength, rulerOf } from './measure';
import { magnification } from './slide';
import type { OnGlass } from './use_pane';

export type Difference = keyof Words['differs'];

const plain = (name: string): string => personName(name).toLocaleLowerCase().replace(/\s+/g, ' ').trim();

/** Where the image's own header says another patient than the case does. */
export function differences(header: Header, subject: Subject | undefined): Difference[] {
    if (!subject) {
        return [];
    }
    const differs = (own: string, known: string) => known !== '' && own !== known;
    const found: [Difference, boolean][] = [
        ['name', differs(plain(header.patientName), plain(subject.name))],
        ['birthDate', differs(isoDate(header.birthDate), subject.birthDate)],
        ['sex', differs(header.sex, subject.sex)],
        ['patientId', differs(header.patientId, subject.patientId)],
    ];
    return found.filter(([, is]) => is).map(([what]) => what);
}

export interface Whose {
    subject: Subject | undefined;
    /** What stands for the name where who the patient is is not told; images have no name then, either. */
    masked: Who | undefined;
}

export function Identity({ onGlass, subject, masked }: Whose & { onGlass: OnGlass }) {
    const { words } = useSpeech();
    const { image, loaded } = onGlass;
    if (masked) {
        const set = `${loaded.set.modality} ${isoDate(loaded.set.studyDate)}`.trim();
        return (
            <div className="identity">
                <b>{masked.name}</b>
                <Parts parts={[masked.age, masked.sex, set]} />
            </div>
        );
    }
    const header = image?.slice.header ?? loaded.slide?.header;
    if (!header) {
        // A document has no header of its own: it is the case that says whose it is.
        const parts = [
            subject?.birthDate && words.bornOn(isoDate(subject.birthDate)),
            subject?.patientId,
            isoDate(loaded.set.studyDate),
        ];
        return (
            <div className="identity">
                <b>{subject ? personName(subject.name) : ''}</b>
                <Parts parts={parts} />
            </div>
        );
    }
    const parts = [
        header.birthDate && words.bornOn(isoDate(header.birthDate)),
        header.sex && words.sexIs(header.sex),
        header.patientId,
        `${header.modality} ${isoDate(header.studyDate)}`.trim(),
    ];
    const wrong = differences(header, subject);
    return (
        <div className="identity">
            <b>{personName(header.patientName) || words.unknownName}</b>
            <Parts parts={parts} />
            {wrong.length > 0 && (
                <strong className="differs">
                    {wrong.map((what) => words.differs[what]).join(', ')}
                </strong>
            )}
        </div>
    );
}

/** Dates and ids are never broken over two lines. */
function Parts({ parts }: { parts: (string | undefined)[] }) {
    const said = parts.filter(Boolean);
    return (
        <span>
            {said.map((part, index) => (
                <Fragment key={part}>
                    <span className="whole">
                        {part}
                        {index < said.length - 1 && ' ·'}
                    </span>{' '}
                </Fragment>
            ))}
        </span>
    );
}

/** Mirrored and turned in words, so that a wrong side is never only a picture. */
export function standing(words: Words, onGlass: OnGlass): string[] {
    const { flipH, flipV, rotation } = onGlass.image?.presented?.viewport ?? onGlass.viewport;
    const degrees = ((Math.round(rotation) % 360) + 360) % 360;
    return [
        flipH || flipV ? words.flipped : '',
        degrees === 0 ? '' : words.rotatedBy(degrees),
    ].filter(Boolean);
}

const sides = (words: Words): Record<string, string> => ({
    R: words.sideRight,
    L: words.sideLeft,
    B: words.sideBoth,
});

export function sliceText(words: Words, onGlass: OnGlass): string {
    const { image, page, loaded, viewport, index } = onGlass;
    if (page) {
        return words.page(page.page, page.pages);
    }
    if (onGlass.slide) {
        return words.slide.one;
    }
    if (image?.plane && viewport.plane) {
        const { normal } = viewport.plane;
        return words.plane[planeName([normal.x, normal.y, normal.z])];
    }
    const geometry = image?.slice.geometry;
    const name =
        geometry?.space === 'patient' ? words.plane[planeName(geometry.normal)] : words.image;
    return words.sliceOf(name, index + 1, loaded.slices.length);
}

export function windowText(words: Words, onGlass: OnGlass, language: 'en' | 'de'): string {
    const { image } = onGlass;
    if (!image || image.slice.header.samples > 1) {
        return '';
    }
    const digits = image.window.width < 10 ? 2 : 0;
    return words.windowText(
        numberText(image.window.width, language, digits),
        numberText(image.window.center, language, digits),
    );
}

function thicknessText(words: Words, onGlass: OnGlass, language: 'en' | 'de'): string {
    const { image, viewport, loaded } = onGlass;
    if (image?.slab) {
        const { mode, thickness } = image.slab;
        const name = mode === 'none' ? '' : words.looking.slabShort[mode];
        return words.looking.slabText(name, numberText(thickness, language));
    }
    if (image?.plane && viewport.plane) {
        const { normal } = viewport.plane;
        const step = planeStep(loaded, [normal.x, normal.y, normal.z]);
        return words.thickness(numberText(step, language, 1));
    }
    const thickness = image?.slice.header.sliceThickness;
    return thickness === undefined ? '' : words.thickness(numberText(thickness, language, 1));
}

function filmText(words: Words, { viewport }: OnGlass, language: 'en' | 'de'): string {
    const { cine } = viewport;
    return cine?.playing ? words.framesPerSecond(numberText(cine.rate, language)) : '';
}

function magnificationText(words: Words, { slide }: OnGlass, language: 'en' | 'de'): string {
    const times = slide && magnification(slide.slide, slide.projection.unitsPerPixel);
    return times === undefined ? '' : words.slide.magnification(numberText(times, language, times < 10 ? 1 : 0));
}

interface FactsProps {
    onGlass: OnGlass;
    notForDiagnosis: boolean;
    marks: string[];
    /** What is not seen as it was meant. */
    notes: string[];
    /** Another image than the painted one has been asked for and is not here yet. */
    loading: boolean;
}

export function Facts({ onGlass, notForDiagnosis, marks, notes, loading }: FactsProps) {
    const { words, language } = useSpeech();
    const { image, loaded, slide } = onGlass;
    const header = image?.slice.header ?? loaded.slide?.header;
    const side = header ? (sides(words)[header.laterality] ?? '') : '';
    const glass = loaded.slide?.header.container;
    const right = [
        windowText(words, onGlass, language),
        image ? thicknessText(words, onGlass, language) : '',
        filmText(words, onGlass, language),
        magnificationText(words, onGlass, language),
    ].filter(Boolean);
    return (
        <>
            <div className="upper-right">
                {header && loading && (image?.preview ?? 0) === 0 && <span>{words.fetching}</span>}
                {image && image.preview > 0 && <strong className="attention preview">{words.preview}</strong>}
                {header && !loading && (image?.preview ?? 0) === 0 && (
                    <span className={header?.lossy ? 'attention' : 'safe'}>
                        {header?.lossy ? words.lossyStored : words.lossless}
                    </span>
                )}
                {standing(words, onGlass).map((text) => (
                    <strong key={text} className="attention">
                        {text}
                    </strong>
                ))}
            </div>
            <div className="lower-left">
                {image && <LoadingBar displaySet={loaded.set.displaySet} />}
                {header && <ScaleBar onGlass={onGlass} />}
                {header && <Calibrated onGlass={onGlass} />}
                {slide && (
                    <span className={slide.slide.profile === 'lost' ? 'caution' : ''}>
                        {words.slide.profile[slide.slide.profile]}
                    </span>
                )}
                {header && <span>{[side, loaded.set.seriesDescription, glass].filter(Boolean).join(' · ')}</span>}
                {notForDiagnosis && <span className="caution">{words.notForDiagnosis}</span>}
            </div>
            <div className="lower-right">
                {notes.map((text) => (
                    <strong key={text} className="attention note">
                        {text}
                    </strong>
                ))}
                {marks.map((text) => (
                    <span key={text}>{text}</span>
                ))}
                <span>{sliceText(words, onGlass)}</span>
                <span>{right.join(' · ')}</span>
            </div>
        </>
    );
}

export function Letters({ onGlass }: { onGlass: OnGlass }) {
    const { image, projection, viewport } = onGlass;
    const letters =
        image && edgeLetters(projection, image.presented?.viewport ?? viewport, image.slice.header.patientOrientation);
    if (!letters) {
        return null;
    }
    return (
        <>
            <span className="letter at-left">{letters.left}</span>
            <span className="letter at-right">{letters.right}</span>
            <span className="letter at-top">{letters.top}</span>
            <span className="letter at-bottom">{letters.bottom}</span>
        </>
    );
}

function millimetresOf({ image, slide }: OnGlass): number | undefined {
    if (slide) {
        return slide.slide.measured ? 1 : undefined;
    }
    return image && millimetresPerUnit(image.slice.header, image.slice.geometry);
}

function ScaleBar({ onGlass }: { onGlass: OnGlass }) {
    const { words, language } = useSpeech();
    const { projection } = onGlass;
    const perUnit = millimetresOf(onGlass);
    if (perUnit === undefined) {
        return null;
    }
    const perPixel = projection.unitsPerPixel * perUnit;
    const length = roundLength(Math.min(120, projection.width / 4) * perPixel);
    if (length <= 0) {
        return null;
    }
    const digits = length < 0.1 ? 3 : length < 1 ? 1 : 0;
    const text = words.thickness(numberText(length, language, digits));
    return (
        <span className="scale">
            <i style={{ width: `${length / perPixel}px` }} />
            {words.scaleBar(text)}
        </span>
    );
}

/** How millimetres come about here, where that is not plain; and that an image lies in no patient. */
function Calibrated({ onGlass }: { onGlass: OnGlass }) {
    const { words } = useSpeech();
    const { image } = onGlass;
    if (!image || image.slice.geometry.space === 'patient') {
        return null;
    }
    const { header, geometry } = image.slice;
    const { calibration } = rulerOf(header, geometry, [imageCenter(geometry)]);
    return <span>{[words.looking.imageSpace, words.looking.calibration[calibration]].join(' · ')}</span>;
}

/** What the presenter sees, outlined when this glass has another shape. */
export function PresenterFrame({ onGlass }: { onGlass: OnGlass }) {
    const { words } = useSpeech();
    const frame = presenterFrame(onGlass.viewport, onGlass.projection);
    return frame ? (
        <div className="presenter-frame" style={frame} title={words.presenterSees} />
    ) : null;
}
