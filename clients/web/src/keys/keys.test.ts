import { describe, expect, it } from 'vitest';
import { actionOf, actions, defaultKeys, keyLabel, keysFrom } from './keymap';

const press = (code: string, modifiers: Partial<Record<'shiftKey' | 'ctrlKey', boolean>> = {}) => ({
    code,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...modifiers,
});

describe('keys', () => {
    it('no_two_actions_share_a_default_key', () => {
        const used = actions.map((action) => defaultKeys[action]);
        expect(new Set(used).size).toBe(used.length);
    });

    it('a_remapped_key_replaces_the_default_and_only_that_one', () => {
        const keys = keysFrom(new Map([['key.nextCase', 'KeyM']]));
        expect(actionOf(keys, press('KeyM'))).toBe('nextCase');
        expect(actionOf(keys, press('KeyN'))).toBeUndefined();
        expect(actionOf(keys, press('KeyF'))).toBe('follow');
    });

    it('modifiers_make_another_key', () => {
        const keys = keysFrom(new Map());
        expect(actionOf(keys, press('Digit1'))).toBe('preset1');
        expect(actionOf(keys, press('Digit1', { shiftKey: true }))).toBe('view1');
        expect(actionOf(keys, press('KeyZ', { ctrlKey: true }))).toBe('undo');
    });

    it('labels_read_like_the_keyboard', () => {
        expect(['KeyN', 'Shift+Digit3', 'Shift+Slash', 'Ctrl+KeyZ'].map(keyLabel)).toEqual([
            'N',
            '⇧3',
            '?',
            'Ctrl Z',
        ]);
    });
});
