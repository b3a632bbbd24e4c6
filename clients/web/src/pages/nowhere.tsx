// Where nothing is, or nothing one may see: both look the same.
import type { EndReason } from '../connection/channel';
import { Notice } from '../ui/controls';
import { follow } from '../ui/route';
import { useWords } from '../words';

export function Nowhere({ title, help }: { title: string; help: string }) {
    const words = useWords();
    return (
        <main className="place nowhere" id="content">
            <Notice title={title} help={help}>
                <a className="button primary" href="/" onClick={follow}>
                    {words.toWorklist}
                </a>
            </Notice>
        </main>
    );
}

/** A board or case that ended for this person while it was open, or was never there for them. */
export function Ended({ reason }: { reason: EndReason }) {
    const words = useWords();
    const texts: Record<string, string> = words.ended;
    const help = reason === 'revoked' ? words.revokedHelp : words.pageNotFoundHelp;
    return <Nowhere title={texts[reason] ?? words.ended.not_found} help={help} />;
}
