// Files on their way into the case, for who waits for them: one calm line, and how far it is.
import type { CaseActor } from '../state/client';
import { useModel } from '../state/use_client';
import type { Arrival } from '../wire';
import { useWords, type Words } from '../words';
import './arrivals.css';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

function leftText({ arriving }: Words, seconds: number): string {
    if (seconds === 0) {
        return '';
    }
    if (seconds < MINUTE) {
        return arriving.seconds;
    }
    return seconds < 1.5 * HOUR
        ? arriving.minutes(Math.round(seconds / MINUTE))
        : arriving.hours(Math.round(seconds / HOUR));
}

function countText({ arriving }: Words, { done, files }: Arrival): string {
    if (files > 0) {
        return arriving.of(Math.min(done, files), files);
    }
    return done > 0 ? arriving.soFar(done) : '';
}

/** What changes seldom: this alone is read out. */
export function stateText({ arriving }: Words, { state, images, kept }: Arrival): string {
    switch (state) {
        case 'reading':
            return arriving.reading;
        case 'arrived':
            return [images > 0 ? arriving.arrived(images) : '', kept > 0 ? arriving.keptToo(kept) : '']
                .filter(Boolean)
                .join(', ');
        default:
            return arriving.receiving;
    }
}

/** How far it is, in numbers. */
export function farText(words: Words, arrival: Arrival): string {
    const { state, percent, leftS } = arrival;
    if (state === 'arrived') {
        return '';
    }
    const coming = state === 'receiving' || state === 'waiting';
    const parts = [
        countText(words, arrival),
        coming && percent !== undefined ? words.arriving.percent(percent) : '',
        state === 'receiving' ? leftText(words, leftS) : '',
    ];
    return parts.filter(Boolean).join(', ');
}

const none: ReadonlyMap<string, Arrival> = new Map();

export function Arrivals({ actor }: { actor: CaseActor }) {
    const arrivals = useModel(actor, (model) => model?.stage?.arrivals) ?? none;
    return (
        <>
            {[...arrivals.values()].map((one) => (
                <ArrivalLine key={one.arrival} arrival={one} />
            ))}
        </>
    );
}

function ArrivalLine({ arrival }: { arrival: Arrival }) {
    const words = useWords();
    const { state, percent } = arrival;
    const far = farText(words, arrival);
    const waits = state === 'waiting' ? words.arriving.waiting : '';
    return (
        <section className="arrival" aria-label={words.arriving.name} data-arrival={state}>
            <p>
                <span role="status">
                    {stateText(words, arrival)}
                    {waits && <span className="unseen">, {waits}</span>}
                </span>
                {far && `: ${far}`}
                {waits && (
                    <span className="attention" aria-hidden="true">
                        {' · '}
                        {waits}
                    </span>
                )}
            </p>
            {state === 'receiving' && percent !== undefined && (
                <progress max={100} value={percent} aria-label={words.arriving.receiving} />
            )}
        </section>
    );
}
