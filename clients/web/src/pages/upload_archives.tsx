// Studies of other archives into a case: searched with what the case knows of its patient, fetched, watched.
import { useCallback, useEffect, useRef, useState, type FormEvent } from 'react';
import {
    archivesOf,
    endFetch,
    fetchStudy,
    searchArchive,
    type Archives,
    type ArchiveKeys,
    type Fetch,
    type FoundStudy,
    type OtherArchive,
    type Problem,
    type Search,
} from '../connection/archives';
import { Button, Choice, Field } from '../ui/controls';
import type { Subject } from '../wire';
import { isoDate, personName, useWords, type Words } from '../words';
import { sizeText } from '../words/bytes';

const LOOK_MS = 1000;

const isOver = ({ state }: Fetch): boolean => state === 'done' || state === 'broken';
const whyText = (words: Words, why: string): string => words.archives.why[why] ?? words.archives.whyUnknown;

/** What the server knows, again and again while something is on its way; `look` asks at once. */
function useArchives(patientCase: string): { known: Archives | undefined; look: () => Promise<void> } {
    const [known, setKnown] = useState<Archives>();
    const left = useRef(false);
    const look = useCallback(async () => {
        const told = await archivesOf(patientCase);
        if (told && !left.current) {
            setKnown(told);
        }
    }, [patientCase]);
    useEffect(() => {
        left.current = false;
        void look();
        return () => {
            left.current = true;
        };
    }, [look]);
    const busy = known?.fetches.some((one) => !isOver(one)) === true;
    useEffect(() => {
        const timer = busy ? setInterval(() => void look(), LOOK_MS) : undefined;
        return () => clearInterval(timer);
    }, [busy, look]);
    return { known, look };
}

export function FromArchive({ patientCase, subject }: { patientCase: string; subject: Subject }) {
    const words = useWords();
    const { known, look } = useArchives(patientCase);
    const [found, setFound] = useState<Map<string, FoundStudy>>(new Map());
    if (!known || known.archives.length === 0) {
        return null;
    }
    const remember = (studies: FoundStudy[]) =>
        setFound((before) => new Map([...before, ...studies.map((one) => [one.studyUid, one] as const)]));
    return (
        <section className="stack from-archive" aria-labelledby="from-archive">
            <h2 id="from-archive">{words.archives.title}</h2>
            <p className="mute">{words.archives.help}</p>
            <SearchForm
                patientCase={patientCase}
                subject={subject}
                archives={known.archives}
                fetches={known.fetches}
                onFound={remember}
                onBegun={look}
            />
            {known.fetches.length > 0 && (
                <>
                    <h3>{words.archives.fetches}</h3>
                    <ul className="list fetches">
                        {known.fetches.map((one) => (
                            <FetchLine
                                key={one.id}
                                patientCase={patientCase}
                                fetched={one}
                                study={found.get(one.studyUid)}
                                archive={known.archives.find(({ id }) => id === one.archive)}
                                onChanged={look}
                            />
                        ))}
                    </ul>
                </>
            )}
        </section>
    );
}

interface SearchProps {
    patientCase: string;
    subject: Subject;
    archives: OtherArchive[];
    fetches: Fetch[];
    onFound: (studies: FoundStudy[]) => void;
    onBegun: () => Promise<void>;
}

function SearchForm({ patientCase, subject, archives, fetches, onFound, onBegun }: SearchProps) {
    const words = useWords();
    const [archive, setArchive] = useState(archives[0]?.id ?? '');
    const [keys, setKeys] = useState<ArchiveKeys>({
        patientId: subject.patientId,
        patientName: personName(subject.name),
        birthDate: subject.birthDate,
        accessionNumber: '',
        studyDate: '',
    });
    const [search, setSearch] = useState<Search | 'running'>();
    const [problem, setProblem] = useState('');
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setProblem('');
        setSearch('running');
        const answer = await searchArchive(patientCase, archive, keys);
        setSearch(answer);
        if (answer.is === 'found') {
            onFound(answer.studies);
        }
    };
    const begin = async (studyUid: string) => {
        const why = await fetchStudy(patientCase, archive, studyUid);
        setProblem(why === undefined ? '' : whyText(words, why));
        await onBegun();
    };
    const field = (name: keyof ArchiveKeys, type: 'text' | 'date' = 'text') => ({
        type,
        maxLength: 100,
        value: keys[name],
        onChange: (event: { target: { value: string } }) => setKeys({ ...keys, [name]: event.target.value }),
    });
    const failed = search !== 'running' && search?.is === 'failed' ? whyText(words, search.why) : problem;
    return (
        <>
            <form className="stack" onSubmit={(event) => void submit(event)} autoComplete="off">
                <div className="pair">
                    <Choice
                        label={words.archives.archive}
                        value={archive}
                        onChange={(id) => {
                            setArchive(id);
                            setSearch(undefined);
                        }}
                        options={archives.map(({ id, name }) => ({ value: id, label: name }))}
                    />
                    <Field label={words.archives.patientId} {...field('patientId')} />
                    <Field label={words.archives.name} help={words.archives.nameHelp} {...field('patientName')} />
                    <Field label={words.archives.birthDate} {...field('birthDate', 'date')} />
                    <Field label={words.archives.accessionNumber} {...field('accessionNumber')} />
                    <Field label={words.archives.studyDate} {...field('studyDate', 'date')} />
                </div>
                <div className="row">
                    <Button type="submit" disabled={search === 'running'}>
                        {search === 'running' ? words.archives.searching : words.archives.search}
                    </Button>
                </div>
            </form>
            {failed !== '' && (
                <p className="problem" role="alert">
                    {failed}
                </p>
            )}
            {search !== undefined && search !== 'running' && search.is === 'found' && (
                <Studies
                    studies={search.studies}
                    more={search.more}
                    fetches={fetches.filter((one) => one.archive === archive)}
                    onFetch={begin}
                />
            )}
        </>
    );
}

const studyTitle = (words: Words, study: FoundStudy): string =>
    [isoDate(study.studyDate ?? ''), study.description ?? words.archives.noDescription].filter(Boolean).join(' · ');

interface StudiesProps {
    studies: FoundStudy[];
    more: boolean;
    fetches: Fetch[];
    onFetch: (studyUid: string) => Promise<void>;
}

function Studies({ studies, more, fetches, onFetch }: StudiesProps) {
    const words = useWords();
    return (
        <>
            <p role="status">
                {studies.length === 0 ? words.archives.nothing : words.archives.found(studies.length)}
                {more && ` ${words.archives.more}`}
            </p>
            {studies.length > 0 && (
                <ul className="list studies">
                    {studies.map((study) => (
                        <StudyLine
                            key={study.studyUid}
                            study={study}
                            fetched={fetches.find((one) => one.studyUid === study.studyUid)}
                            onFetch={onFetch}
                        />
                    ))}
                </ul>
            )}
        </>
    );
}

/** How many of its images are in the case: as the search found it, and what was fetched since. */
function hereOf(study: FoundStudy, fetched: Fetch | undefined): number {
    const files = fetched?.files;
    return Math.max(study.here, files ? files.stored + files.alreadyThere : 0);
}

interface StudyLineProps {
    study: FoundStudy;
    fetched: Fetch | undefined;
    onFetch: (studyUid: string) => Promise<void>;
}

function StudyLine({ study, fetched, onFetch }: StudyLineProps) {
    const words = useWords();
    const here = hereOf(study, fetched);
    const whole = study.images > 0 && here >= study.images;
    const hereText = study.images > 0 ? words.archives.partlyHere(here, study.images) : words.archives.someHere(here);
    const onItsWay = fetched !== undefined && !isOver(fetched);
    const who = [
        personName(study.patientName ?? ''),
        study.birthDate === undefined ? '' : words.archives.born(isoDate(study.birthDate)),
        study.patientId ?? '',
    ];
    const what = [
        study.modalities.join(', '),
        study.series > 0 ? words.archives.series(study.series) : '',
        study.images > 0 ? words.archives.images(study.images) : '',
        study.accessionNumber ?? '',
    ];
    return (
        <li data-study={study.studyUid}>
            <div>
                <b>{studyTitle(words, study)}</b>
                <span>{who.filter(Boolean).join(' · ')}</span>
                <span className="mute">{what.filter(Boolean).join(' · ')}</span>
                {here > 0 && (
                    <span className={whole ? 'settled' : 'lacking'}>
                        {whole ? words.archives.here : hereText}
                    </span>
                )}
            </div>
            <Button
                disabled={whole || onItsWay}
                aria-label={words.archives.fetchThis(studyTitle(words, study))}
                onClick={() => void onFetch(study.studyUid)}
            >
                {words.archives.fetch}
            </Button>
        </li>
    );
}

function stateText(words: Words, { state, files }: Fetch): string {
    if (state === 'fetching') {
        return files && files.all > 0 ? words.archives.progress(files.done, files.all) : words.archives.state.listing;
    }
    return words.archives.state[state];
}

interface FetchLineProps {
    patientCase: string;
    fetched: Fetch;
    study: FoundStudy | undefined;
    archive: OtherArchive | undefined;
    onChanged: () => Promise<void>;
}

function FetchLine({ patientCase, fetched, study, archive, onChanged }: FetchLineProps) {
    const words = useWords();
    const { files, why, bytes } = fetched;
    const over = isOver(fetched);
    const end = async () => {
        await endFetch(patientCase, fetched.id);
        await onChanged();
    };
    const [refused, setRefused] = useState<string>();
    const again = async () => {
        // What is broken is not on its way: the next one may begin before this one goes, and this one stays if not.
        const word = await fetchStudy(patientCase, fetched.archive, fetched.studyUid);
        setRefused(word);
        if (word === undefined) {
            await endFetch(patientCase, fetched.id);
        }
        await onChanged();
    };
    const counts = files && [
        words.archives.summary(files.stored, files.alreadyThere),
        files.held > 0 ? words.archives.held(files.held) : '',
        files.refused > 0 ? words.archives.refused(files.refused) : '',
        bytes !== undefined && bytes > 0 ? sizeText(bytes, words.language) : '',
    ];
    return (
        <li data-fetch={fetched.state}>
            <div>
                <b>{study ? studyTitle(words, study) : words.archives.study(fetched.studyUid)}</b>
                <span className="mute">{archive?.name ?? fetched.archive}</span>
                {!over && files && files.all > 0 && (
                    <progress
                        max={files.all}
                        value={files.done}
                        aria-label={words.archives.progress(files.done, files.all)}
                    />
                )}
                <span role="status">{stateText(words, fetched)}</span>
                {counts && files.done > 0 && <span>{counts.filter(Boolean).join(' · ')}</span>}
                {why !== undefined && <span className="lacking">{whyText(words, why)}</span>}
                {refused !== undefined && (
                    <span className="lacking" role="alert">
                        {whyText(words, refused)}
                    </span>
                )}
                {fetched.problems && fetched.problems.length > 0 && <Problems problems={fetched.problems} />}
            </div>
            <div className="row wrap">
                {fetched.state === 'broken' && archive && (
                    <Button onClick={() => void again()}>{words.archives.again}</Button>
                )}
                <Button look={over ? 'quiet' : 'plain'} onClick={() => void end()}>
                    {over ? words.archives.forget : words.archives.stop}
                </Button>
            </div>
        </li>
    );
}

function problemText(words: Words, { outcome, reason }: Problem): string {
    if (outcome === 'held') {
        return reason === 'patient' ? words.archives.heldPatient : words.upload.outcome.held;
    }
    return words.upload.why[reason] ?? words.archives.why[reason] ?? reason;
}

function Problems({ problems }: { problems: readonly Problem[] }) {
    const words = useWords();
    return (
        <details>
            <summary>{words.upload.problems}</summary>
            <ul className="list refused">
                {problems.map((one) => (
                    <li key={one.name}>
                        <span>{one.name}</span>
                        <span className="mute">
                            {problemText(words, one)}
                        </span>
                    </li>
                ))}
            </ul>
        </details>
    );
}
