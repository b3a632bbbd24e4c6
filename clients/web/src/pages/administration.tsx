// Running organisations: which of them, and the parts of it. Only workflow is shown, never what a case says.
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import type { Answer, Problem } from '../connection/account';
import { organisations, ROOT, type Organisation } from '../connection/administration';
import { Button, Choice, Notice } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { administrationSections, follow, type AdministrationSection } from '../ui/route';
import { useWords, type Words } from '../words';
import './administration.css';
import { Accesses } from './administration_accesses';
import { Cases } from './administration_cases';
import { People } from './administration_people';
import { System } from './administration_system';
import { Nowhere } from './nowhere';

/** What the server has, read again when asked; undefined while it is on its way. */
export function useRead<T>(ask: () => Promise<Answer<T>>) {
    const [answer, setAnswer] = useState<Answer<T>>();
    const look = useCallback(() => {
        let gone = false;
        void ask().then((found) => gone || setAnswer(found));
        return () => {
            gone = true;
        };
    }, [ask]);
    useEffect(() => {
        setAnswer(undefined);
        return look();
    }, [look]);
    return { answer, look };
}

/** A list that comes page by page; `next` says after which id the next one begins. */
export function usePages<T extends { id: string }>(
    ask: (after?: string) => Promise<Answer<{ list: T[]; more: boolean }>>,
) {
    const first = useCallback(() => ask(), [ask]);
    const { answer, look } = useRead(first);
    const [rest, setRest] = useState<{ list: T[]; more: boolean }>();
    useEffect(() => setRest(undefined), [answer]);
    const list = answer?.is === 'done' ? [...answer.body.list, ...(rest?.list ?? [])] : [];
    const more = rest ? rest.more : answer?.is === 'done' && answer.body.more;
    const next = async () => {
        const found = await ask(list.at(-1)?.id);
        if (found.is === 'done') {
            setRest({ list: [...(rest?.list ?? []), ...found.body.list], more: found.body.more });
        }
    };
    return { answer, list, more, next, look };
}

/** Says a problem of these pages in the reader's words. */
export function useSay(): (problem: Problem) => string {
    const words = useWords();
    return ({ word, seconds }) =>
        word === 'too_many_attempts'
            ? words.tooManyAttempts(seconds)
            : (words.administration.problem[word] ??
              words.account.problem[word] ??
              words.account.problemElse);
}

/** Words while something is on its way, or did not come; otherwise what came. */
export function Came<T>({
    answer,
    again,
    children,
}: {
    answer: Answer<T> | undefined;
    again: () => void;
    children: (body: T) => ReactNode;
}) {
    const words = useWords();
    if (answer === undefined) {
        return <p className="mute">{words.loading}</p>;
    }
    if (answer.is === 'problem') {
        return (
            <Notice title={words.administration.away} help={words.administration.awayHelp}>
                <Button look="primary" onClick={again}>
                    {words.tryAgain}
                </Button>
            </Notice>
        );
    }
    return children(answer.body);
}

export const organisationName = (words: Words, one: Organisation): string =>
    one.name || (one.id === ROOT ? words.administration.root : one.id.slice(0, 8));

interface Branch {
    organisation: Organisation;
    depth: number;
}

/** In the order of the tree; what stands under one that is not in the list begins a tree of its own. */
export function treeOf(list: readonly Organisation[]): Branch[] {
    const known = new Set(list.map((one) => one.id));
    const under = (parent: string | undefined, depth: number): Branch[] =>
        list
            .filter(({ parent: at }) => (at !== undefined && known.has(at) ? at : undefined) === parent)
            .sort((a, b) => a.name.localeCompare(b.name))
            .flatMap((organisation) => [
                { organisation, depth },
                ...under(organisation.id, depth + 1),
            ]);
    return under(undefined, 0);
}

export function AdministrationPage({ section }: { section: AdministrationSection }) {
    const words = useWords();
    const { answer, look } = useRead(organisations);
    if (answer?.is === 'done' && answer.body.organisations.length === 0) {
        const { notFound, notFoundHelp } = words.administration;
        return <Nowhere title={notFound} help={notFoundHelp} />;
    }
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk administration" id="content">
                <div>
                    <h1>{words.administration.title}</h1>
                    <p className="mute">{words.administration.lead}</p>
                </div>
                <Came answer={answer} again={look}>
                    {(body) => <Parts list={body.organisations} section={section} look={look} />}
                </Came>
            </main>
        </div>
    );
}

interface PartsProps {
    list: Organisation[];
    section: AdministrationSection;
    look: () => void;
}

function Parts({ list, section, look }: PartsProps) {
    const [chosen, choose] = useState('');
    const [patientCase, setCase] = useState('');
    const tree = treeOf(list);
    const branch = tree.find(({ organisation }) => organisation.id === chosen) ?? tree[0];
    if (!branch) {
        return null;
    }
    const { organisation } = branch;
    return (
        <>
            <Sections section={section} root={tree[0]?.organisation} />
            <div className="halves">
                {section === 'system' ? null : (
                    <Tree tree={tree} chosen={organisation.id} choose={choose} />
                )}
                <div className="part" key={organisation.id}>
                    {section === 'people' && (
                        <People organisation={organisation} look={look} choose={choose} />
                    )}
                    {section === 'accesses' && (
                        <Accesses organisation={organisation} patientCase={patientCase} />
                    )}
                    {section === 'cases' && <Cases organisation={organisation} onLooked={setCase} />}
                    {section === 'system' && <System />}
                </div>
            </div>
        </>
    );
}

interface SectionsProps {
    section: AdministrationSection;
    root: Organisation | undefined;
}

function Sections({ section, root }: SectionsProps) {
    const words = useWords();
    const shown = administrationSections.filter(
        (one) => one !== 'system' || root?.may.includes('keys') === true,
    );
    return (
        <nav aria-label={words.administration.sectionsLabel} className="sections">
            {shown.map((one) => (
                <a
                    key={one}
                    href={`/administration/${one}`}
                    aria-current={one === section ? 'page' : undefined}
                    onClick={follow}
                >
                    {words.administration.sections[one]}
                </a>
            ))}
        </nav>
    );
}

interface TreeProps {
    tree: Branch[];
    chosen: string;
    choose: (id: string) => void;
}

/** A list beside what it opens; on a phone, where there is no beside, a field. */
function Tree({ tree, chosen, choose }: TreeProps) {
    const words = useWords();
    if (tree.length === 1) {
        return null;
    }
    return (
        <>
            <nav aria-label={words.administration.organisation} className="tree">
                <ul>
                    {tree.map(({ organisation, depth }) => (
                        <li key={organisation.id} style={{ paddingInlineStart: `${depth * 16}px` }}>
                            <button
                                type="button"
                                aria-current={organisation.id === chosen}
                                onClick={() => choose(organisation.id)}
                            >
                                {organisationName(words, organisation)}
                            </button>
                        </li>
                    ))}
                </ul>
            </nav>
            <div className="tree-field">
                <Choice
                    label={words.administration.organisation}
                    value={chosen}
                    onChange={choose}
                    options={tree.map(({ organisation, depth }) => ({
                        value: organisation.id,
                        label: `${'\u2003'.repeat(depth)}${organisationName(words, organisation)}`,
                    }))}
                />
            </div>
        </>
    );
}
