import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { de } from './de';
import { en } from './en';
import { isoDate, personName } from './index';

function tsxFiles(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? tsxFiles(path) : path.endsWith('.tsx') ? [path] : [];
    });
}

/** Attributes a person reads or hears. */
const SPOKEN = new Set(['title', 'label', 'help', 'placeholder', 'alt', 'aria-label', 'name']);
const hasWord = (text: string): boolean => /\p{L}{2,}/u.test(text);

/** Interface text written into the markup: between tags, or in an attribute that is read out. */
function literals(path: string): string[] {
    const source = ts.createSourceFile(
        path,
        readFileSync(path, 'utf8'),
        ts.ScriptTarget.ES2022,
        true,
        ts.ScriptKind.TSX,
    );
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
        if (ts.isJsxText(node) && hasWord(node.text)) {
            found.push(node.text.trim());
        }
        const spoken =
            ts.isJsxAttribute(node) &&
            SPOKEN.has(node.name.getText(source)) &&
            node.initializer &&
            ts.isStringLiteral(node.initializer) &&
            hasWord(node.initializer.text);
        // `name` of a form field and of an icon are identifiers, not words.
        if (spoken && node.name.getText(source) !== 'name') {
            found.push(node.getText(source));
        }
        ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
}

function leaves(value: unknown, path: string): [string, unknown][] {
    return typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`))
        : [[path, value]];
}

describe('words', () => {
    it('no_interface_text_stands_outside_the_catalogue', () => {
        const files = tsxFiles(join(import.meta.dirname, '..'));
        expect(files.length).toBeGreaterThan(10);
        const found = files.flatMap((path) => literals(path).map((text) => `${path}: ${text}`));
        expect(found).toEqual([]);
    });

    it('every_language_says_everything', () => {
        const english = new Map(leaves(en, ''));
        const german = new Map(leaves(de, ''));
        expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
        for (const [path, text] of german) {
            expect(typeof text, path).toBe(typeof english.get(path));
            expect(text, path).not.toBe('');
        }
    });

    it('names_and_dates_read_as_they_are_spoken', () => {
        expect(personName('Haddad^Rania^^Dr')).toBe('Haddad, Dr Rania');
        expect(personName('DEMO')).toBe('DEMO');
        // Neither a line break nor a mark that turns the words after it around.
        expect(personName('Haddad\u202E^Ra\nnia\u2066')).toBe('Haddad, Rania');
        expect(isoDate('19600101')).toBe('1960-01-01');
        expect(isoDate('')).toBe('');
    });
});
