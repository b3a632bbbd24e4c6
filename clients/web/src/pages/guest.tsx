// A guest between their own cases: that another one is discussed, and how many come before theirs.
import type { BoardAtRest, GuestView } from '../state/board_state';
import { useUser } from '../state/use_client';
import { TopBar } from '../ui/frame';
import { useWords, whenText, useSpeech } from '../words';

interface GuestPageProps {
    boardId: string;
    board: BoardAtRest;
    guest: GuestView;
}

export function GuestPage({ boardId, board, guest }: GuestPageProps) {
    const { words, language } = useSpeech();
    // What one takes part in is nobody else's business: one's own worklist says it, the board does not.
    const items = useUser((user) => user?.entries.find((one) => one.id === boardId)?.items) ?? [];
    const now =
        board.meeting === 'ended'
            ? words.guest.over
            : board.meeting === 'planned'
              ? words.guest.planned
              : guest.open === 0
                ? words.guest.between
                : words.guest.other;
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="status" id="content">
                <h1>{board.title}</h1>
                <p className="mute">{whenText(board.startsAt, language)}</p>
                <article className="card" data-guest>
                    <h2 aria-live="polite">{now}</h2>
                    {board.meeting !== 'ended' && (
                        <>
                            {items.map((item) => (
                                <Place key={item} place={guest.order.indexOf(item)} />
                            ))}
                            <p className="mute">{words.guest.waiting(guest.order.length)}</p>
                            <p className="mute">{words.guest.stays}</p>
                        </>
                    )}
                </article>
                <p className="mute small">{words.guest.lead}</p>
            </main>
        </div>
    );
}

function Place({ place }: { place: number }) {
    const words = useWords();
    return (
        <p className="next" data-before={place}>
            {place < 0
                ? words.guest.done
                : place === 0
                  ? words.guest.next
                  : words.guest.before(place)}
        </p>
    );
}
