// The words beside an arrow that was just drawn, written where they will stand.
import { useState } from 'react';
import type { Glass } from './geometry';
import { useWords } from '../words';
import type { Pixel } from './vector';

interface ArrowWordsProps {
    at: Pixel;
    glass: Glass;
    onDone: (label: string) => void;
    onCancel: () => void;
}

const WIDTH_PX = 200;
const HEIGHT_PX = 36;
const LABEL_MAX = 100;

export function ArrowWords({ at, glass, onDone, onCancel }: ArrowWordsProps) {
    const words = useWords();
    const [text, setText] = useState('');
    return (
        <input
            className="input arrow-words"
            style={{
                left: Math.max(4, Math.min(at[0] + 8, glass.width - WIDTH_PX - 4)),
                top: Math.max(4, Math.min(at[1] - HEIGHT_PX / 2, glass.height - HEIGHT_PX - 4)),
                width: WIDTH_PX,
            }}
            autoFocus
            maxLength={LABEL_MAX}
            aria-label={words.arrowText}
            placeholder={words.arrowText}
            title={words.arrowTextHelp}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
                if (event.key === 'Enter') {
                    onDone(text.trim());
                } else if (event.key === 'Escape') {
                    event.stopPropagation();
                    onCancel();
                }
            }}
            onPointerDown={(event) => event.stopPropagation()}
        />
    );
}
