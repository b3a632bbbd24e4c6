// How others say that images are to be shown: each line shows them so, to everybody if this person presents.
import { useEffect } from 'react';
import { useStore } from '../state/store';
import type { StageController } from '../viewer';
import type { PresentationState } from '../viewer/presentation_reader';
import { leavePresentation, setsOf, showPresentation } from '../viewer/presentations';
import { Button } from '../ui/controls';
import { isoDate, useWords } from '../words';
import type { StageHands } from './use_stage';

export function PresentationList({ hands: { controller } }: { hands: StageHands }) {
    const words = useWords();
    const { presentations: shelf } = controller;
    const sets = useStore(controller.state, (state) => state.sets);
    const chosen = useStore(controller.state, ({ seen }) => seen.viewports[seen.active]?.presentationState ?? '');
    const states = useStore(shelf.state, (all) => all);
    useEffect(() => {
        shelf.read().catch(() => undefined); // the line is down: read again with the next images
    }, [shelf, sets]);
    if (states.length === 0) {
        return null;
    }
    return (
        <section>
            <h2>{words.looking.presentation.title}</h2>
            <ul className="list">
                {states.map((state) => (
                    <PresentationRow
                        key={state.sopInstanceUid}
                        state={state}
                        chosen={state.sopInstanceUid === chosen}
                        controller={controller}
                    />
                ))}
            </ul>
            {chosen !== '' && (
                <Button onClick={() => leavePresentation(controller)}>{words.looking.presentation.leave}</Button>
            )}
        </section>
    );
}

interface PresentationRowProps {
    state: PresentationState;
    chosen: boolean;
    controller: StageController;
}

function PresentationRow({ state, chosen, controller }: PresentationRowProps) {
    const words = useWords();
    const sets = useStore(controller.state, (viewer) => viewer.sets);
    const of = setsOf(state, sets);
    const series = of.map((set) => set.seriesDescription || set.modality).join(', ');
    const about = [
        of.length > 0 ? words.looking.presentation.of(series) : words.looking.presentation.ofNone,
        state.creator || state.manufacturer,
        isoDate(state.date),
    ];
    return (
        <li>
            <button
                type="button"
                className="series"
                disabled={of.length === 0}
                aria-pressed={chosen}
                data-presentation={state.sopInstanceUid}
                onClick={() => void showPresentation(controller, state).catch(() => undefined)}
            >
                <span>{[state.label, state.description].filter(Boolean).join(' · ') || words.unknownName}</span>
                <small className="mute">{about.filter(Boolean).join(' · ')}</small>
            </button>
        </li>
    );
}
