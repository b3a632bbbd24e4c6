// Running organisations: which of them, and the parts of it. Only workflow is shown, never what a case says.
import { useState } from 'react';
import { organisations, type Organisation } from '../connection/administration';
import { Choice } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { administrationSections, follow, type AdministrationSection } from '../ui/route';
import { useWords } from '../words';
import './administration.css';
import { Accesses } from './administration_accesses';
import { Cases } from './administration_cases';
import { Came, organisationName, useRead } from './administration_parts';
import { People } from './administration_people';
import { System } from './administration_system';
import { Nowhere } from './nowhere';

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

/** What of it this organisation lets the reader do. */
const mayOpen: Record<AdministrationSection, (may: Organisation['may']) => boolean> = {
    people: (may) => may.includes('administer'),
    accesses: (may) => may.includes('accesses'),
    cases: (may) => may.includes('administer') || may.includes('accesses'),
    system: (may) => may.includes('keys'),
};

function Parts({ list, section: wanted, look }: PartsProps) {
    const [chosen, choose] = useState('');
    const [patientCase, setCase] = useState('');
    const tree = treeOf(list);
    const branch = tree.find(({ organisation }) => organisation.id === chosen) ?? tree[0];
    if (!branch) {
        return null;
    }
    const { organisation } = branch;
    const shown = administrationSections.filter((one) =>
        mayOpen[one](one === 'system' ? (tree[0]?.organisation.may ?? []) : organisation.may),
    );
    const section = shown.includes(wanted) ? wanted : shown[0];
    return (
        <>
            <Sections section={section} shown={shown} />
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
    section: AdministrationSection | undefined;
    shown: AdministrationSection[];
}

function Sections({ section, shown }: SectionsProps) {
    const words = useWords();
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
