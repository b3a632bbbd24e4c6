// Series of the case that are kept and not drawn, so that nobody takes them for missing.
import { useEffect, useState } from 'react';
import type { CaseActor } from '../state/client';
import { useStore } from '../state/store';
import { useModel } from '../state/use_client';
import { keptSeries, type KeptSeries } from '../viewer';
import type { Arrival } from '../wire';
import { isoDate, useWords } from '../words';
import type { StageHands } from './use_stage';

const SHOWN_MAX = 50;

/** Another one whenever something has come: the list of what can be shown does not change by these. */
const comeOf = (arrivals: ReadonlyMap<string, Arrival> | undefined): string =>
    [...(arrivals?.values() ?? [])]
        .filter((one) => one.state === 'arrived')
        .map((one) => `${one.arrival} ${one.done}`)
        .join();

export function KeptList({ actor, hands }: { actor: CaseActor; hands: StageHands }) {
    const words = useWords();
    const { reports: shelf, images, state } = hands.controller;
    const sets = useStore(state, (now) => now.sets);
    const reports = useStore(shelf.state, (now) => now.reports);
    const come = useModel(actor, (model) => comeOf(model?.stage?.arrivals));
    const [kept, setKept] = useState<{ of: string; list: KeptSeries[] }>();
    const { patientCase } = images;
    useEffect(() => {
        const stop = new AbortController();
        const drawn = reports.filter((report) => report.drawings.length > 0);
        const shown = new Set([...sets, ...drawn].map(({ seriesUid }) => seriesUid));
        keptSeries(patientCase, shown, stop.signal).then(
            (list) => {
                if (list && !stop.signal.aborted) {
                    setKept({ of: patientCase, list });
                }
            },
            () => undefined, // nobody waits for it any more, or the line went down in its middle
        );
        return () => stop.abort();
    }, [patientCase, sets, reports, come]);
    const list = kept?.of === patientCase ? kept.list : [];
    if (list.length === 0) {
        return null;
    }
    return (
        <section aria-label={words.keptSeries.title}>
            <h2>{words.keptSeries.title}</h2>
            <p className="mute">{words.keptSeries.help}</p>
            <ul className="list">
                {list.slice(0, SHOWN_MAX).map((one) => (
                    <li key={one.seriesUid} className="row other-file kept-series">
                        <span className="grow">
                            <bdi className="file-name">{one.description || words.keptSeries.unnamed}</bdi>
                            <small className="mute">
                                {[words.keptSeries.kind(one.modality), isoDate(one.date)].filter(Boolean).join(' · ')}
                            </small>
                        </span>
                    </li>
                ))}
            </ul>
            {list.length > SHOWN_MAX && <p className="mute">{words.keptSeries.more(list.length - SHOWN_MAX)}</p>}
        </section>
    );
}
