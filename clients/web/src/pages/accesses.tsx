// Who looked, signed in or was refused: of everything for an administrator, of one case for who
// coordinates it. Case ids and UIDs only: the record of looking names no patient.
import { useEffect, useMemo, useState } from 'react';
import { accesses, people, type Access, type Person } from '../connection/http';
import { Button, Notice } from '../ui/controls';
import { runsRoot } from '../state/user_state';
import { useUser } from '../state/use_client';
import { TopBar } from '../ui/frame';
import { follow } from '../ui/route';
import { dateTimeText, useSpeech, useWords } from '../words';
import { Nowhere } from './nowhere';

const NOBODY = '00000000-0000-0000-0000-000000000000';

type Found =
    | { is: 'asking' }
    | { is: 'there'; list: Access[]; more: boolean }
    | { is: 'not_yours' | 'unreachable' };

/** Pages of the log, newest first; `older` asks for the next one. */
function useAccesses(patientCase: string | undefined, user: string) {
    const administers = useUser(runsRoot);
    const [found, setFound] = useState<Found>({ is: 'asking' });
    const [round, again] = useState(0);
    useEffect(() => {
        let gone = false;
        setFound({ is: 'asking' });
        if (administers === undefined) {
            return undefined;
        }
        void accesses({ patientCase, user, administers }).then((answer) => gone || setFound(answer));
        return () => {
            gone = true;
        };
    }, [patientCase, user, administers, round]);
    const older = async () => {
        const last = found.is === 'there' ? found.list.at(-1) : undefined;
        if (found.is !== 'there' || !last || administers === undefined) {
            return;
        }
        const answer = await accesses({ patientCase, user, administers, before: last.at });
        if (answer.is === 'there') {
            setFound({ ...answer, list: [...found.list, ...answer.list] });
        }
    };
    return { found, older, again: () => again((count) => count + 1) };
}

function usePeople(): Person[] {
    const [known, setKnown] = useState<Person[]>([]);
    useEffect(() => {
        people()
            .then(setKnown)
            .catch(() => setKnown([]));
    }, []);
    return known;
}

export function AccessesPage({ patientCase }: { patientCase?: string }) {
    const words = useWords();
    const [user, setUser] = useState('');
    const known = usePeople();
    const names = useMemo(() => new Map(known.map((one) => [one.id, one.name])), [known]);
    const { found, older, again } = useAccesses(patientCase, user);
    if (found.is === 'not_yours') {
        return <Nowhere title={words.pageNotFound} help={words.pageNotFoundHelp} />;
    }
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk wide" id="content">
                <h1>{patientCase ? words.accesses.ofCase : words.accesses.title}</h1>
                <p className="mute">{words.accesses.lead}</p>
                {!patientCase && (
                    <label className="field">
                        <span>{words.accesses.person}</span>
                        <select
                            className="input"
                            value={user}
                            onChange={(event) => setUser(event.target.value)}
                        >
                            <option value="">{words.accesses.everybody}</option>
                            {known.map((one) => (
                                <option key={one.id} value={one.id}>
                                    {one.name}
                                </option>
                            ))}
                        </select>
                    </label>
                )}
                {found.is === 'asking' && <p className="mute">{words.loading}</p>}
                {found.is === 'unreachable' && (
                    <Notice title={words.signInFailed}>
                        <Button look="primary" onClick={again}>
                            {words.tryAgain}
                        </Button>
                    </Notice>
                )}
                {found.is === 'there' && found.list.length === 0 && (
                    <p className="mute">{words.accesses.none}</p>
                )}
                {found.is === 'there' && found.list.length > 0 && (
                    <AccessTable list={found.list} names={names} withCase={!patientCase} />
                )}
                {found.is === 'there' && found.more && (
                    <Button onClick={() => void older()}>{words.accesses.older}</Button>
                )}
            </main>
        </div>
    );
}

interface AccessTableProps {
    list: Access[];
    names: Map<string, string>;
    withCase: boolean;
    /** Each case leads to who looked at it. */
    linked?: boolean;
}

export function AccessTable({ list, names, withCase, linked = true }: AccessTableProps) {
    const { words, language } = useSpeech();
    return (
        <table className="accesses">
            <thead>
                <tr>
                    <th scope="col">{words.accesses.when}</th>
                    <th scope="col">{words.accesses.who}</th>
                    <th scope="col">{words.accesses.what}</th>
                    {withCase && <th scope="col">{words.accesses.patientCase}</th>}
                    <th scope="col">{words.accesses.from}</th>
                </tr>
            </thead>
            <tbody>
                {list.map((one, index) => (
                    <tr key={`${one.at} ${index}`} className={one.refused ? 'refused' : undefined}>
                        <td>{dateTimeText(one.at * 1000, language)}</td>
                        <td>
                            {one.user === NOBODY
                                ? words.accesses.unknown
                                : (names.get(one.user) ?? one.user)}
                        </td>
                        <td title={one.object.includes('.') ? one.object : undefined}>
                            {words.accesses.action[one.action]}
                            {one.refused && <strong> · {words.accesses.refused}</strong>}
                            {one.emergency && (
                                <strong className="lacking"> · {words.role.emergency}</strong>
                            )}
                            {one.times > 1 && ` × ${one.times}`}
                        </td>
                        {withCase && (
                            <td>
                                {one.case !== NOBODY && !linked && one.case.slice(0, 8)}
                                {one.case !== NOBODY && linked && (
                                    <a href={`/cases/${one.case}/accesses`} onClick={follow}>
                                        {one.case.slice(0, 8)}
                                    </a>
                                )}
                            </td>
                        )}
                        <td>{one.address}</td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
