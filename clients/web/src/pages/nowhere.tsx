// Where nothing is, or nothing one may see: both look the same.
import { Notice } from '../ui/controls';
import { follow } from '../ui/route';
import { useWords } from '../words';

export function Nowhere({ title, help }: { title: string; help: string }) {
    const words = useWords();
    return (
        <main className="place" id="content">
            <Notice title={title} help={help}>
                <a className="button primary" href="/" onClick={follow}>
                    {words.toWorklist}
                </a>
            </Notice>
        </main>
    );
}
