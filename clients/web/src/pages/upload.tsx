// Images and documents of a case: a folder dropped in the page, how far it is, and what was not taken by name.
import { useEffect, useRef, useState, type DragEvent } from 'react';
import {
    chosen,
    dropped,
    endSending,
    sender,
    Upload,
    type Found,
    type Progress,
    type Sent,
} from '../connection/upload';
import { isCreated } from '../state/created';
import { hasRole, useCase, useModel } from '../state/use_client';
import type { CaseActor } from '../state/client';
import { Button, Notice } from '../ui/controls';
import { TopBar } from '../ui/frame';
import { follow } from '../ui/route';
import { fileName, personName, useSpeech, useWords, type Words } from '../words';
import { sizeText } from '../words/bytes';
import { HeldCards } from './held';
import { HeldDecided } from './held_decided';
import { Ended } from './nowhere';
import { FromArchive } from './upload_archives';

export function UploadPage({ id }: { id: string }) {
    const words = useWords();
    const actor = useCase(id);
    return actor ? <UploadOf actor={actor} /> : <Notice title={words.loading} />;
}

function UploadOf({ actor }: { actor: CaseActor }) {
    const words = useWords();
    const model = useModel(actor, (patientCase) => patientCase);
    const ended = useModel(actor, (_, held) => held.ended);
    const decides = useModel(actor, (_, held) => hasRole(held.grant.roles, 'coordinator'));
    if (ended || (model && !isCreated(model))) {
        return <Ended reason={ended ?? 'not_found'} />;
    }
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk" id="content">
                <h1>{words.upload.title}</h1>
                {model && (
                    <p>
                        <b>{personName(model.subject.name)}</b> · {model.title}
                    </p>
                )}
                <p className="mute">{words.upload.help}</p>
                <DropPlace patientCase={actor.id} />
                {decides && model && model.heldStudies > 0 && (
                    <section className="stack" aria-labelledby="held">
                        <h2 id="held">{words.held.title}</h2>
                        <HeldCards actor={actor} />
                    </section>
                )}
                {decides && model && <HeldDecided actor={actor} decisions={model.heldDecisions} />}
                {model && <FromArchive patientCase={actor.id} subject={model.subject} />}
                <p className="mute">{words.makeCase.boards}</p>
                <div className="row">
                    <a className="button" href={`/cases/${actor.id}`} onClick={follow}>
                        {words.upload.openCase}
                    </a>
                </div>
            </main>
        </div>
    );
}

function notTaken(words: Words, { outcome, reason }: Sent): string {
    const said = words.upload.outcome[outcome];
    switch (outcome) {
        case 'refused':
            return `${said}: ${words.upload.why[reason] ?? words.upload.whyUnknown}`;
        case 'failed':
            return `${said}: ${words.upload.noAnswer}`;
        default:
            return said;
    }
}

function KeptNames({ progress: { kept, keptNames } }: { progress: Progress }) {
    const words = useWords();
    return (
        <>
            <h2>{words.upload.keptNames}</h2>
            <ul className="list kept">
                {keptNames.map((name, at) => (
                    <li key={at}>
                        <bdi className="file-name">{fileName(name)}</bdi>
                    </li>
                ))}
                {kept > keptNames.length && <li className="mute">{words.upload.more(kept - keptNames.length)}</li>}
            </ul>
        </>
    );
}

function ProgressWords({ progress }: { progress: Progress }) {
    const words = useWords();
    const { language } = words;
    if (progress.running) {
        return (
            <p>
                {words.upload.progress(progress.done, progress.all)}
                {' · '}
                {progress.reading
                    ? words.upload.reading
                    : words.upload.bytes(sizeText(progress.bytes, language), sizeText(progress.bytesAll, language))}
            </p>
        );
    }
    const { index } = progress;
    return (
        <>
            <p>{words.upload.summary(progress.stored, progress.known, progress.problems.length)}</p>
            {progress.held > 0 && <p data-waiting={progress.held}>{words.upload.waiting(progress.held)}</p>}
            {progress.kept > 0 && <p>{words.upload.kept(progress.kept)}</p>}
            {progress.keptNames.length > 0 && <KeptNames progress={progress} />}
            {index && (
                <p>
                    {index.missing > 0
                        ? words.upload.missing(index.missing, index.named)
                        : words.upload.nothingMissing(index.named)}
                </p>
            )}
        </>
    );
}

function DropPlace({ patientCase }: { patientCase: string }) {
    const { words, language } = useSpeech();
    const [progress, setProgress] = useState<Progress>();
    const [over, setOver] = useState(false);
    const running = useRef<Upload | undefined>(undefined);
    const sent = useRef<Found[]>([]);
    const files = useRef<HTMLInputElement>(null);
    const folder = useRef<HTMLInputElement>(null);
    useEffect(() => {
        // React has no word for this attribute.
        folder.current?.setAttribute('webkitdirectory', '');
        return () => running.current?.stop();
    }, []);
    const begin = (found: Found[]) => {
        if (found.length === 0 || progress?.running) {
            return;
        }
        sent.current = found;
        const upload = new Upload(found, sender(patientCase), setProgress);
        running.current = upload;
        void upload.run().then(() => endSending(patientCase, upload.id));
    };
    const drop = (event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        void dropped(event.dataTransfer).then(begin);
    };
    const failed = progress?.problems.filter((one) => one.outcome === 'failed') ?? [];
    const again = () =>
        begin(sent.current.filter((one) => failed.some((other) => other.name === one.name)));
    return (
        <>
            <div
                className={over ? 'drop over' : 'drop'}
                onDragOver={(event) => {
                    event.preventDefault();
                    setOver(true);
                }}
                onDragLeave={() => setOver(false)}
                onDrop={drop}
            >
                <strong>{words.upload.drop}</strong>
                <div className="row wrap">
                    <Button onClick={() => folder.current?.click()}>{words.upload.chooseFolder}</Button>
                    <Button onClick={() => files.current?.click()}>{words.upload.choose}</Button>
                </div>
                {[folder, files].map((ref, index) => (
                    <input
                        key={index}
                        ref={ref}
                        type="file"
                        multiple
                        hidden
                        aria-label={index === 0 ? words.upload.chooseFolder : words.upload.choose}
                        onChange={(event) => {
                            begin(event.target.files ? chosen(event.target.files) : []);
                            event.target.value = '';
                        }}
                    />
                ))}
            </div>
            {progress && (
                <section className="stack" aria-live="polite" data-upload={progress.running ? 'running' : 'done'}>
                    <progress
                        max={progress.bytesAll}
                        value={progress.bytes}
                        aria-label={words.upload.progress(progress.done, progress.all)}
                    />
                    <ProgressWords progress={progress} />
                    <div className="row">
                        {progress.running && (
                            <Button onClick={() => running.current?.stop()}>{words.upload.stop}</Button>
                        )}
                        {!progress.running && failed.length > 0 && (
                            <Button onClick={again}>{words.upload.again}</Button>
                        )}
                    </div>
                    {progress.problems.length > 0 && (
                        <>
                            <h2>{words.upload.problems}</h2>
                            <ul className="list refused">
                                {progress.problems.map((one) => (
                                    <li key={one.name}>
                                        <bdi className="file-name">{fileName(one.name)}</bdi>
                                        <span
                                            className="mute"
                                            title={(language === 'en' && one.message) || undefined}
                                        >
                                            {notTaken(words, one)}
                                        </span>
                                    </li>
                                ))}
                            </ul>
                        </>
                    )}
                </section>
            )}
        </>
    );
}
