// What a drawing says, in words: beside it on the image, in the list and in the minutes. Pure.
import type { Annotation } from '../wire';
import { numberText, type Words } from '../words';

type Language = 'en' | 'de';

const digitsOf = (unit: string): number => (['px', 'px2', 'HU', ''].includes(unit) ? 0 : 1);

/** The value with its unit; empty for an arrow. */
function valueText(annotation: Annotation, words: Words, language: Language): string {
    const { tool, value, second, unit } = annotation;
    const said = words.looking.unit[unit] ?? unit;
    const number = (of: number) => numberText(of, language, digitsOf(unit));
    if (tool === 'arrow') {
        return '';
    }
    if (tool === 'bidirectional') {
        return words.looking.axes(number(value), number(second), said);
    }
    return words.measured(number(value), said).trim();
}

/** One part a line: value, statistics, how it was calibrated where that is not plain, label. */
export function drawingLines(annotation: Annotation, words: Words, language: Language): string[] {
    const { calibration, statistics, label, tool } = annotation;
    const number = (of: number) => numberText(of, language, 1);
    const measured = tool !== 'arrow' && tool !== 'probe';
    const lines = [
        valueText(annotation, words, language),
        statistics &&
            words.looking.meanOf(number(statistics.mean), number(statistics.deviation), statistics.unit),
        statistics &&
            words.looking.rangeOf(number(statistics.minimum), number(statistics.maximum), statistics.unit),
        measured && calibration !== 'patient' ? words.looking.calibration[calibration] : '',
        label,
    ];
    return lines.filter((line): line is string => line !== undefined && line !== '');
}

export const drawingText = (annotation: Annotation, words: Words, language: Language): string =>
    drawingLines(annotation, words, language).join(' · ');

export function drawingName(annotation: Annotation, words: Words): string {
    const names: Record<Annotation['tool'], string> = {
        length: words.toolLength,
        arrow: words.toolArrow,
        angle: words.looking.angle,
        bidirectional: words.looking.bidirectional,
        ellipse: words.looking.ellipse,
        probe: words.looking.probe,
    };
    return names[annotation.tool];
}
