// Views prepared before the meeting, recalled on every screen with one key.
import { memo, useState, type FormEvent } from 'react';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { useModel } from '../state/use_client';
import { Button, Field, Sheet } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { keyLabel } from '../keys/keymap';
import type { SavedView } from '../wire';
import { useWords } from '../words';
import type { StageHands } from './use_stage';

const noViews: CaseModel['views'] = [];
const KEYED = 9;

export const useViews = (actor: CaseActor): SavedView[] =>
    useModel(actor, (model) => model?.views) ?? noViews;

/** Puts a saved view on the stage: everybody's if one presents, else one's own. */
export function recall(hands: StageHands, view: SavedView): void {
    const { controller } = hands;
    controller.replace({ ...view.layout, item: controller.item, savedView: view.view });
}

interface SavedViewsProps {
    actor: CaseActor;
    hands: StageHands | undefined;
    me: string;
    mayWrite: boolean;
    nameOf: (user: string) => string;
}

export const SavedViews = memo(function SavedViews({ actor, hands, me, mayWrite, nameOf }: SavedViewsProps) {
    const words = useWords();
    const views = useViews(actor);
    const [naming, setNaming] = useState(false);
    return (
        <section className="views" aria-labelledby="views">
            <header className="row head">
                <h2 id="views" className="grow">
                    {words.savedViews}
                </h2>
                {mayWrite && hands && (
                    <Button tight look="quiet" onClick={() => setNaming(true)}>
                        {words.saveView}
                    </Button>
                )}
            </header>
            {views.length === 0 && <p className="mute pad">{words.noViews}</p>}
            <ol>
                {views.map((view, index) => (
                    <li key={view.view} className="row">
                        <button
                            type="button"
                            className="series grow"
                            disabled={!hands}
                            onClick={() => hands && recall(hands, view)}
                        >
                            <kbd aria-hidden="true">
                                {index < KEYED && keyLabel(`Shift+Digit${index + 1}`)}
                            </kbd>
                            <span>{view.title}</span>
                            <small className="mute">{nameOf(view.by)}</small>
                        </button>
                        {view.by === me && (
                            <Button
                                tight
                                look="quiet"
                                aria-label={`${words.removeView}: ${view.title}`}
                                onClick={() =>
                                    void sayRefusal(
                                        words,
                                        actor.command({ type: 'RemoveView', view: view.view }),
                                    )
                                }
                            >
                                {words.remove}
                            </Button>
                        )}
                    </li>
                ))}
            </ol>
            <Sheet title={words.saveView} open={naming} onClose={() => setNaming(false)}>
                {hands && <NameView actor={actor} hands={hands} onDone={() => setNaming(false)} />}
            </Sheet>
        </section>
    );
});

interface NameViewProps {
    actor: CaseActor;
    hands: StageHands;
    onDone: () => void;
}

function NameView({ actor, hands, onDone }: NameViewProps) {
    const words = useWords();
    const [title, setTitle] = useState('');
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const { seen } = hands.controller.state.get();
        const saved = await sayRefusal(
            words,
            actor.command({
                type: 'SaveView',
                view: crypto.randomUUID(),
                title: title.trim(),
                layout: { ...seen, item: 0, savedView: undefined },
                note: '',
            }),
        );
        if (saved) {
            onDone();
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            <Field
                label={words.viewTitle}
                required
                maxLength={100}
                autoFocus
                value={title}
                onChange={(event) => setTitle(event.target.value)}
            />
            <div className="row">
                <Button type="submit" look="primary">
                    {words.save}
                </Button>
            </div>
        </form>
    );
}
