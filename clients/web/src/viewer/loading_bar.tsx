// How far the display set of a pane is, in words and as a bar, always at the same place: over the scale. It says only
// what is true: that something comes, that nothing comes any more, that something could not be had, and what to do.
import { Button } from '../ui/controls';
import { useStore } from '../state/store';
import { useWords } from '../words';
import { progress, tryAgain, type Progress } from './loading/stage_loading';

export function LoadingBar({ displaySet }: { displaySet: string }) {
    const words = useWords();
    const one = useStore(progress, (all) => all.get(displaySet));
    if (!one || (one.settled && one.lost === 0)) {
        return null;
    }
    const lost = one.lost > 0 ? words.imageLoading.lost(one.lost) : undefined;
    const trouble = one.stalled ? words.imageLoading.stalled : lost;
    return (
        <div className="loading" data-loading={`${one.here}/${one.total}`} data-trouble={troubleOf(one)}>
            {!one.settled && (
                <>
                    <span>
                        {one.preview === 'none'
                            ? words.imageLoading.lossless(one.here, one.total)
                            : words.imageLoading.preview(one.here, one.total)}
                    </span>
                    <progress max={one.total} value={one.here} aria-label={words.imageLoading.label} />
                </>
            )}
            {trouble !== undefined && (
                <>
                    <strong className="attention" role="status">
                        {trouble}
                    </strong>
                    <Button onClick={tryAgain}>{words.tryAgain}</Button>
                </>
            )}
        </div>
    );
}

const troubleOf = (one: Progress): string | undefined => (one.stalled ? 'stalled' : one.lost > 0 ? 'lost' : undefined);
