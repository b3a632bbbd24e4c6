// Views prepared before the meeting, in the order of what is said: stepped through with one key, each with
// a note, recalled on every screen.
import { memo, useState, type FormEvent } from 'react';
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { useStore } from '../state/store';
import { useModel } from '../state/use_client';
import { Button, Field, Sheet } from '../ui/controls';
import { sayRefusal } from '../ui/refusal';
import { keyLabel } from '../keys/keymap';
import type { Layout, SavedView } from '../wire';
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

/** The next or the previous one in their order; from none, the first or the last. */
export function stepView(hands: StageHands, views: readonly SavedView[], by: 1 | -1): void {
    const { savedView } = hands.controller.state.get().seen;
    const now = views.findIndex((one) => one.view === savedView);
    const to = now < 0 ? (by > 0 ? 0 : views.length - 1) : now + by;
    const view = views[to];
    if (view) {
        recall(hands, view);
    }
}

interface SavedViewsProps {
    actor: CaseActor;
    hands: StageHands | undefined;
    me: string;
    mayWrite: boolean;
    nameOf: (user: string) => string;
}

interface Naming {
    view: string;
    title: string;
    note: string;
    layout: Layout;
}

export const SavedViews = memo(function SavedViews(props: SavedViewsProps) {
    const { actor, hands, me, mayWrite, nameOf } = props;
    const words = useWords();
    const views = useViews(actor);
    const [naming, setNaming] = useState<Naming>();
    const begin = ({ controller }: StageHands) => {
        const layout = { ...controller.state.get().seen, item: 0, savedView: undefined };
        setNaming({ view: crypto.randomUUID(), title: '', note: '', layout });
    };
    return (
        <section className="views" aria-labelledby="views">
            <header className="row head">
                <h2 id="views" className="grow">
                    {words.savedViews}
                </h2>
                {mayWrite && hands && (
                    <Button tight look="quiet" onClick={() => begin(hands)}>
                        {words.saveView}
                    </Button>
                )}
            </header>
            {views.length === 0 && <p className="mute pad">{words.noViews}</p>}
            <ol>
                {views.map((view, index) => (
                    <ViewRow
                        key={view.view}
                        actor={actor}
                        hands={hands}
                        view={view}
                        place={index}
                        last={index === views.length - 1}
                        mine={view.by === me}
                        mayWrite={mayWrite}
                        nameOf={nameOf}
                        onEdit={() => setNaming(view)}
                    />
                ))}
            </ol>
            <Sheet
                title={words.saveView}
                open={naming !== undefined}
                onClose={() => setNaming(undefined)}
            >
                {naming && (
                    <NameView actor={actor} begun={naming} onDone={() => setNaming(undefined)} />
                )}
            </Sheet>
        </section>
    );
});

interface ViewRowProps {
    actor: CaseActor;
    hands: StageHands | undefined;
    view: SavedView;
    place: number;
    last: boolean;
    mine: boolean;
    mayWrite: boolean;
    nameOf: (user: string) => string;
    onEdit: () => void;
}

function ViewRow(props: ViewRowProps) {
    const { actor, hands, view, place, last, mine, mayWrite, nameOf, onEdit } = props;
    const words = useWords();
    const move = (position: number) =>
        void sayRefusal(words, actor.command({ type: 'MoveView', view: view.view, position }));
    return (
        <li className="view-row">
            <ViewButton hands={hands} view={view} place={place} by={nameOf(view.by)} />
            {mayWrite && (
                <div className="row view-hands">
                    <Button
                        tight
                        look="quiet"
                        disabled={place === 0}
                        aria-label={`${words.moveUp}: ${view.title}`}
                        onClick={() => move(place - 1)}
                    >
                        ↑
                    </Button>
                    <Button
                        tight
                        look="quiet"
                        disabled={last}
                        aria-label={`${words.moveDown}: ${view.title}`}
                        onClick={() => move(place + 1)}
                    >
                        ↓
                    </Button>
                    {mine && (
                        <>
                            <Button
                                tight
                                look="quiet"
                                aria-label={`${words.views.note}: ${view.title}`}
                                onClick={onEdit}
                            >
                                {words.views.note}
                            </Button>
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
                        </>
                    )}
                </div>
            )}
        </li>
    );
}

interface ViewButtonProps {
    hands: StageHands | undefined;
    view: SavedView;
    place: number;
    by: string;
}

function ViewButton(props: ViewButtonProps) {
    return props.hands ? (
        <LiveButton {...props} hands={props.hands} />
    ) : (
        <ViewFace {...props} on={false} onClick={undefined} />
    );
}

function LiveButton(props: ViewButtonProps & { hands: StageHands }) {
    const { hands, view } = props;
    const on = useStore(hands.controller.state, (state) => state.seen.savedView === view.view);
    return <ViewFace {...props} on={on} onClick={() => recall(hands, view)} />;
}

interface ViewFaceProps extends ViewButtonProps {
    on: boolean;
    onClick: (() => void) | undefined;
}

function ViewFace({ view, place, by, on, onClick }: ViewFaceProps) {
    return (
        <button
            type="button"
            className={on ? 'series grow on' : 'series grow'}
            aria-current={on ? 'true' : undefined}
            disabled={!onClick}
            onClick={onClick}
        >
            <kbd aria-hidden="true">{place < KEYED && keyLabel(`Shift+Digit${place + 1}`)}</kbd>
            <span>{view.title}</span>
            {view.note !== '' && <small className="view-note">{view.note}</small>}
            <small className="mute">{by}</small>
        </button>
    );
}

interface NameViewProps {
    actor: CaseActor;
    begun: Naming;
    onDone: () => void;
}

const NOTE_MAX = 200;

function NameView({ actor, begun, onDone }: NameViewProps) {
    const words = useWords();
    const [title, setTitle] = useState(begun.title);
    const [note, setNote] = useState(begun.note);
    const { view, layout } = begun;
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        const saved = await sayRefusal(
            words,
            actor.command({
                type: 'SaveView',
                view,
                title: title.trim(),
                layout,
                note: note.trim(),
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
            <Field
                label={words.views.note}
                help={words.views.noteHelp}
                maxLength={NOTE_MAX}
                value={note}
                onChange={(event) => setNote(event.target.value)}
            />
            <div className="row">
                <Button type="submit" look="primary">
                    {words.save}
                </Button>
            </div>
        </form>
    );
}
