// A guest between their own cases: that another one is discussed, and how many come before theirs.
import type { BoardAtRest, GuestView } from '../state/board_state';
import { useCase, useModel, useUser } from '../state/use_client';
import type { CaseActor } from '../state/client';
import { TopBar } from '../ui/frame';
import { useWords, whenText, useSpeech } from '../words';

interface GuestPageProps {
    boardId: string;
    board: BoardAtRest;
    guest: GuestView;
}

export function GuestPage({ boardId, board, guest }: GuestPageProps) {
    const { words, language } = useSpeech();
    const cases = useUser((user) => user?.entries.filter((one) => one.kind === 'patient_case')) ?? [];
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
                            {cases.map((entry) => (
                                <OwnPlace key={entry.id} boardId={boardId} patientCase={entry.id} guest={guest} />
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

interface OwnPlaceProps {
    boardId: string;
    patientCase: string;
    guest: GuestView;
}

function OwnPlace(props: OwnPlaceProps) {
    const actor = useCase(props.patientCase);
    return actor ? <Place {...props} actor={actor} /> : null;
}

/** Which items are one's own the cases say: a guest is listed there for them alone. */
function Place({ actor, boardId, guest }: OwnPlaceProps & { actor: CaseActor }) {
    const words = useWords();
    const link = useModel(actor, (model) => model?.boards.find((one) => one.board === boardId));
    if (!link) {
        return null;
    }
    const place = guest.order.indexOf(link.item);
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
