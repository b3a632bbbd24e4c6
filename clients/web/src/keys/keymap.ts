// Which key does what: OHIF's defaults for the images, ours for the meeting. A key is written
// `Shift+Digit1`: modifiers, then event.code, so that it is the same place on every keyboard.
import type { Words } from '../words';

export type Action = keyof Words['action'];

export const defaultKeys: Record<Action, string> = {
    nextCase: 'KeyN',
    raiseHand: 'KeyY',
    follow: 'KeyF',
    askFloor: 'KeyG',
    point: 'KeyP',
    hidePointers: 'KeyO',
    foldLeft: 'BracketLeft',
    foldRight: 'BracketRight',
    fullScreen: 'KeyX',
    keys: 'Shift+Slash',
    toolWindow: 'KeyW',
    toolZoom: 'KeyZ',
    toolPan: 'KeyB',
    toolLength: 'KeyD',
    toolArrow: 'KeyA',
    toolAngle: 'KeyJ',
    toolBidirectional: 'Shift+KeyD',
    toolEllipse: 'KeyQ',
    toolProbe: 'KeyS',
    toolCrosshair: 'KeyM',
    slab: 'Shift+KeyM',
    nextSeries: 'PageDown',
    previousSeries: 'PageUp',
    rotateRight: 'KeyR',
    rotateLeft: 'KeyL',
    flipH: 'KeyH',
    flipV: 'KeyV',
    invert: 'KeyI',
    zoomIn: 'Equal',
    zoomOut: 'Minus',
    zoomFit: 'KeyE',
    reset: 'Space',
    nextImage: 'ArrowDown',
    previousImage: 'ArrowUp',
    firstImage: 'Home',
    lastImage: 'End',
    nextViewport: 'ArrowRight',
    previousViewport: 'ArrowLeft',
    film: 'KeyC',
    undo: 'Ctrl+KeyZ',
    undoStep: 'KeyU',
    decision: 'KeyT',
    keyImage: 'KeyK',
    nextView: 'Period',
    previousView: 'Comma',
    preset1: 'Digit1',
    preset2: 'Digit2',
    preset3: 'Digit3',
    preset4: 'Digit4',
    preset5: 'Digit5',
    cancel: 'Escape',
    view1: 'Shift+Digit1',
    view2: 'Shift+Digit2',
    view3: 'Shift+Digit3',
    view4: 'Shift+Digit4',
    view5: 'Shift+Digit5',
    view6: 'Shift+Digit6',
    view7: 'Shift+Digit7',
    view8: 'Shift+Digit8',
    view9: 'Shift+Digit9',
};

export const actions = Object.keys(defaultKeys) as Action[];

/** Preferences are named `key.<action>`; the rest are other modules'. */
const PREFIX = 'key.';
export const preferenceName = (action: Action): string => PREFIX + action;

export function keysFrom(preferences: ReadonlyMap<string, string>): Record<Action, string> {
    const keys = { ...defaultKeys };
    for (const action of actions) {
        const chosen = preferences.get(preferenceName(action));
        if (chosen !== undefined && chosen !== '') {
            keys[action] = chosen;
        }
    }
    return keys;
}

export interface KeyPress {
    code: string;
    shiftKey: boolean;
    ctrlKey: boolean;
    metaKey: boolean;
    altKey: boolean;
}

/** The written form of a pressed key; Ctrl and Command are one. */
/** 1 to 9 of either row of digits; 0 = another key. */
export function digitOf(press: KeyPress): number {
    const digit = /^(?:Digit|Numpad)([1-9])$/.exec(press.code)?.[1];
    return digit === undefined || press.ctrlKey || press.metaKey || press.altKey
        ? 0
        : Number(digit);
}

export function written(press: KeyPress): string {
    return [
        press.ctrlKey || press.metaKey ? 'Ctrl+' : '',
        press.altKey ? 'Alt+' : '',
        press.shiftKey ? 'Shift+' : '',
        press.code,
    ].join('');
}

export function actionOf(keys: Record<Action, string>, press: KeyPress): Action | undefined {
    const name = written(press);
    return actions.find((action) => keys[action] === name);
}

const shown: Record<string, string> = {
    BracketLeft: '[',
    BracketRight: ']',
    Slash: '/',
    Period: '.',
    Comma: ',',
    Equal: '=',
    Minus: '-',
    Space: '␣',
    ArrowUp: '↑',
    ArrowDown: '↓',
    ArrowLeft: '←',
    ArrowRight: '→',
    Escape: 'Esc',
    'Shift+Slash': '?',
};

/** As written on a button. */
export function keyLabel(key: string): string {
    const whole = shown[key];
    if (whole !== undefined) {
        return whole;
    }
    const parts = key.split('+');
    const code = parts.pop() ?? '';
    const label = shown[code] ?? code.replace(/^(Key|Digit|Numpad)/, '');
    return parts.map((part) => (part === 'Shift' ? '⇧' : `${part} `)).join('') + label;
}

/** A button is pressed with the space bar, a choice is made with it and with the arrows. */
export function isControlsOwn(target: EventTarget | null, code: string): boolean {
    if (target instanceof HTMLInputElement) {
        return code === 'Space' || code.startsWith('Arrow');
    }
    return code === 'Space' && target instanceof HTMLButtonElement;
}

/** Keys are off while somebody writes. */
export function isWriting(target: EventTarget | null): boolean {
    if (!(target instanceof HTMLElement)) {
        return false;
    }
    return (
        target.isContentEditable ||
        target instanceof HTMLTextAreaElement ||
        target instanceof HTMLSelectElement ||
        (target instanceof HTMLInputElement &&
            !['button', 'checkbox', 'radio', 'range', 'submit'].includes(target.type))
    );
}
