// Where nothing is, or nothing one may see: both look the same.
import type { EndReason } from '../connection/channel';
import type { ReactNode } from 'react';
import { Notice } from '../ui/controls';
import { follow } from '../ui/route';
import { useWords } from '../words';

interface NowhereProps {
    title: string;
    help?: string | undefined;
    /** What else could be done from here. */
    children?: ReactNode;
}

export function Nowhere({ title, help, children }: NowhereProps) {
    const words = useWords();
    return (
        <main className="place nowhere" id="content">
            <Notice title={title} help={help}>
                <a className="button primary" href="/" onClick={follow}>
                    {words.toWorklist}
                </a>
                {children}
            </Notice>
        </main>
    );
}

/** A board or case that ended for this person while it was open, or was never there for them. */
export function Ended({ reason, children }: { reason: EndReason; children?: ReactNode }) {
    const words = useWords();
    const texts: Record<string, string> = words.ended;
    const helps: Partial<Record<EndReason, string>> = {
        revoked: words.revokedHelp,
        restricted: words.restrictedHelp,
        erased: '',
    };
    const help = helps[reason] ?? words.pageNotFoundHelp;
    return (
        <Nowhere title={texts[reason] ?? words.ended.not_found} help={help || undefined}>
            {children}
        </Nowhere>
    );
}
