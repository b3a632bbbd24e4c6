// Images that go into the minutes: marked with one key while they are shown.
import type { CaseModel } from '../state/case_state';
import type { CaseActor } from '../state/client';
import { Button } from '../ui/controls';
import { tell } from '../ui/frame';
import { sayRefusal } from '../ui/refusal';
import { useWords, type Words } from '../words';
import type { StageHands } from './use_stage';

/** What is on the glass in words: the view's name, else the series and the image's number. */
function titleNow(words: Words, hands: StageHands, views: CaseModel['views']): string {
    const { seen, sets } = hands.controller.state.get();
    const view = views.find((one) => one.view === seen.savedView);
    if (view) {
        return view.title;
    }
    const viewport = seen.viewports[seen.active];
    const set = sets.find((one) => one.displaySet === viewport?.displaySet);
    if (!viewport || !set) {
        return words.image;
    }
    const name = set.seriesDescription || set.studyDescription || set.modality;
    const place = set.instances.findIndex(
        (one) => one.sopInstanceUid === viewport.image?.sopInstanceUid,
    );
    return place < 0 ? name : words.sliceOf(name, place + 1, set.instances.length);
}

export async function markKeyImage(
    words: Words,
    actor: CaseActor,
    hands: StageHands,
): Promise<void> {
    const { seen } = hands.controller.state.get();
    const title = titleNow(words, hands, actor.store.get().model?.views ?? []).slice(0, 100);
    const layout = { ...seen, item: 0, savedView: undefined };
    const key = crypto.randomUUID();
    const marked = await sayRefusal(
        words,
        actor.command({ type: 'MarkKeyImage', key, title, layout }),
    );
    if (marked) {
        tell(words.keyImage.marked(title));
    }
}

interface KeyImagesProps {
    actor: CaseActor;
    model: CaseModel;
    hands: StageHands | undefined;
    mayWrite: boolean;
    nameOf: (user: string) => string;
}

export function KeyImages({ actor, model, hands, mayWrite, nameOf }: KeyImagesProps) {
    const words = useWords();
    return (
        <section>
            <h2>{words.keyImage.title}</h2>
            {model.keyImages.length === 0 && <p className="mute">{words.keyImage.none}</p>}
            <ul className="list">
                {model.keyImages.map((one) => (
                    <li key={one.key} className="row drawing-row">
                        <button
                            type="button"
                            className="series grow"
                            disabled={!hands}
                            onClick={() =>
                                hands?.controller.replace({
                                    ...one.layout,
                                    item: hands.controller.item,
                                    savedView: undefined,
                                })
                            }
                        >
                            <span>{one.title}</span>
                            <small className="mute">{nameOf(one.by)}</small>
                        </button>
                        {mayWrite && (
                            <Button
                                tight
                                look="quiet"
                                aria-label={`${words.remove}: ${one.title}`}
                                onClick={() =>
                                    void sayRefusal(
                                        words,
                                        actor.command({ type: 'UnmarkKeyImage', key: one.key }),
                                    )
                                }
                            >
                                {words.remove}
                            </Button>
                        )}
                    </li>
                ))}
            </ul>
        </section>
    );
}
