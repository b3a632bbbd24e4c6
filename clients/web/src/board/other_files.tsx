// Files of the case that are neither images nor documents: listed by their names, and given out to be saved.
import { useEffect, useRef, useState } from 'react';
import { otherFiles, type OtherFile } from '../connection/other_files';
import type { CaseActor } from '../state/client';
import { useLine, useModel } from '../state/use_client';
import { Button } from '../ui/controls';
import type { Arrival } from '../wire';
import { fileName, useSpeech, whenText } from '../words';
import { sizeText } from '../words/bytes';
import './arrivals.css';

const SHOWN_FIRST = 20;
const PAUSE_MS = 2000;

/** Another one whenever something more was kept. */
const keptOf = (arrivals: ReadonlyMap<string, Arrival> | undefined): string =>
    [...(arrivals?.values() ?? [])]
        .filter((one) => one.kept > 0)
        .map((one) => `${one.arrival} ${one.kept}`)
        .join();

/** Asked for anew when there may be more, but not all the time. */
function useOtherFiles(actor: CaseActor, told: boolean): OtherFile[] {
    const kept = useModel(actor, (model) => keptOf(model?.stage?.arrivals));
    const line = useLine();
    const live = line.state.at === 'live';
    const [files, setFiles] = useState<{ of: string; list: OtherFile[] }>();
    const asked = useRef({ of: '', at: 0 });
    useEffect(() => {
        if (!told || !live) {
            return undefined;
        }
        const stop = new AbortController();
        const ask = async () => {
            asked.current = { of: actor.id, at: Date.now() };
            const list = await otherFiles(actor.id, stop.signal);
            if (list && !stop.signal.aborted) {
                setFiles({ of: actor.id, list });
            }
        };
        const again = asked.current.of === actor.id ? asked.current.at + PAUSE_MS - Date.now() : 0;
        const timer = window.setTimeout(() => void ask(), Math.max(0, again));
        return () => {
            window.clearTimeout(timer);
            stop.abort();
        };
    }, [actor, told, live, kept]);
    return told && files?.of === actor.id ? files.list : [];
}

interface OtherFilesProps {
    actor: CaseActor;
    /** Who the patient is is told: nobody knows what stands in these. */
    told: boolean;
    nameOf: (user: string) => string;
}

export function OtherFiles({ actor, told, nameOf }: OtherFilesProps) {
    const { words } = useSpeech();
    const files = useOtherFiles(actor, told);
    const [all, setAll] = useState(false);
    if (files.length === 0) {
        return null;
    }
    const shown = all ? files : files.slice(0, SHOWN_FIRST);
    return (
        <section aria-label={words.otherFiles.title}>
            <h2>{words.otherFiles.title}</h2>
            <p className="mute">{words.otherFiles.help}</p>
            <ul className="list">
                {shown.map((one) => (
                    <FileRow key={one.id} patientCase={actor.id} file={one} by={nameOf(one.by)} />
                ))}
            </ul>
            {shown.length < files.length && (
                <Button tight onClick={() => setAll(true)}>
                    {words.otherFiles.all(files.length)}
                </Button>
            )}
        </section>
    );
}

function FileRow({ patientCase, file, by }: { patientCase: string; file: OtherFile; by: string }) {
    const { words, language } = useSpeech();
    const name = fileName(file.name) || words.otherFiles.unnamed;
    const about = [sizeText(file.size, language), by, whenText(file.at * 1000, language)];
    return (
        <li className="row other-file">
            <span className="grow">
                <bdi className="file-name">{name}</bdi>
                <small className="mute">{about.filter(Boolean).join(' · ')}</small>
            </span>
            <a
                className="button quiet tight"
                href={`/api/cases/${patientCase}/files/${file.id}`}
                download
                aria-label={words.otherFiles.saveThis(name)}
            >
                {words.otherFiles.save}
            </a>
        </li>
    );
}
