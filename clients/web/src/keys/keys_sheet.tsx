// All keys in one list, each to be changed; kept with the person, not with the machine.
import { useEffect, useState } from 'react';
import { useSession } from '../state/use_client';
import { Button, Sheet } from '../ui/controls';
import { useWords } from '../words';
import { actions, keyLabel, preferenceName, written, type Action } from './keymap';
import { useKeyNames } from './use_keys';

const MODIFIERS = new Set(['Shift', 'Control', 'Alt', 'Meta']);

export function KeysSheet({ open, onClose }: { open: boolean; onClose: () => void }) {
    const words = useWords();
    return (
        <Sheet title={words.keysTitle} open={open} onClose={onClose}>
            <KeyList />
        </Sheet>
    );
}

function KeyList() {
    const words = useWords();
    const keys = useKeyNames();
    const { client } = useSession();
    const [changing, setChanging] = useState<Action>();
    const [problem, setProblem] = useState('');

    useEffect(() => {
        if (!changing) {
            return undefined;
        }
        const onDown = (event: KeyboardEvent) => {
            if (MODIFIERS.has(event.key)) {
                return;
            }
            event.preventDefault();
            event.stopPropagation();
            setChanging(undefined);
            if (event.code === 'Escape') {
                return;
            }
            const key = written(event);
            const owner = actions.find((action) => keys[action] === key && action !== changing);
            if (owner) {
                setProblem(words.keyTaken(words.action[owner]));
                return;
            }
            setProblem('');
            void client.user.command({
                type: 'SetPreference',
                name: preferenceName(changing),
                value: key,
            });
        };
        window.addEventListener('keydown', onDown, true);
        return () => window.removeEventListener('keydown', onDown, true);
    }, [changing, keys, client, words]);

    return (
        <div className="stack">
            <p className="mute">{words.keysHelp}</p>
            <p className="problem" role="alert">
                {problem}
            </p>
            <ul className="list keys">
                {actions.map((action) => (
                    <li key={action} className="row">
                        <span className="grow">{words.action[action]}</span>
                        <span className="keycap">
                            {changing === action ? words.pressNewKey : keyLabel(keys[action])}
                        </span>
                        <Button
                            tight
                            look="quiet"
                            aria-label={`${words.changeKey}: ${words.action[action]}`}
                            onClick={() => setChanging(action)}
                        >
                            {words.changeKey}
                        </Button>
                    </li>
                ))}
            </ul>
        </div>
    );
}
