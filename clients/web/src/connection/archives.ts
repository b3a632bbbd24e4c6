// Other archives that this installation may ask: what they have of a patient, and studies on their way from them.
import { fetchAgain, post } from './http';

export interface OtherArchive {
    id: string;
    name: string;
}

export interface FoundStudy {
    studyUid: string;
    patientName?: string;
    patientId?: string;
    birthDate?: string; // dates are YYYYMMDD
    studyDate?: string;
    accessionNumber?: string;
    description?: string;
    modalities: string[];
    series: number; // 0 = the archive does not say, as the next
    images: number;
    here: number; // of its images, in the case
}

export interface Problem {
    name: string;
    outcome: 'held' | 'refused';
    /** The server's word for it. */
    reason: string;
}

export interface Fetch {
    id: string;
    archive: string;
    studyUid: string;
    state: 'waiting' | 'fetching' | 'resting' | 'done' | 'broken';
    bytes?: number;
    files?: { all: number; done: number; stored: number; alreadyThere: number; held: number; refused: number };
    problems?: Problem[];
    /** The server's word for why it rests or is broken. */
    why?: string;
}

export interface Archives {
    archives: OtherArchive[];
    fetches: Fetch[];
}

export interface ArchiveKeys {
    patientId: string;
    patientName: string;
    birthDate: string;
    accessionNumber: string;
    studyDate: string;
}

/** The server's word: of an archive without saying so, of the server itself apart where both have it. */
const wordOf = async (response: Response | undefined): Promise<string> => {
    if (!response) {
        return 'no_answer';
    }
    const body = (await response.json().catch(() => ({}))) as { error?: string };
    const word = body.error ?? 'no_answer';
    return word === 'not_found' ? 'not_found_here' : word.replace(/^archive_/, '');
};

/** Undefined when they cannot be had, or are not for this person. */
export async function archivesOf(patientCase: string): Promise<Archives | undefined> {
    const response = await fetchAgain(`/api/cases/${patientCase}/archives`).catch(() => undefined);
    return response?.ok ? ((await response.json()) as Archives) : undefined;
}

/** As people write a name, so that archives find it: family and given name, whatever follows. */
export function archiveName(name: string): string {
    const [family = '', ...rest] = name.split(',').map((part) => part.trim());
    const text = [family, rest.filter(Boolean).join(' ')].filter(Boolean).join('^');
    return text === '' || text.endsWith('*') ? text : `${text}*`;
}

export type Search = { is: 'found'; studies: FoundStudy[]; more: boolean } | { is: 'failed'; why: string };

/** Dates as YYYY-MM-DD; what is empty is not looked for. */
export async function searchArchive(patientCase: string, archive: string, keys: ArchiveKeys): Promise<Search> {
    const wanted = {
        ...keys,
        patientId: keys.patientId.trim(),
        accessionNumber: keys.accessionNumber.trim(),
        patientName: archiveName(keys.patientName),
        birthDate: keys.birthDate.replaceAll('-', ''),
        studyDate: keys.studyDate.replaceAll('-', ''),
    };
    const body = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
    const path = `/api/cases/${patientCase}/archives/${archive}/search`;
    const response = await post(path, body).catch(() => undefined);
    return response?.ok
        ? { is: 'found', ...((await response.json()) as { studies: FoundStudy[]; more: boolean }) }
        : { is: 'failed', why: await wordOf(response) };
}

/** Undefined when it is on its way, otherwise the word for why not. */
export async function fetchStudy(patientCase: string, archive: string, studyUid: string): Promise<string | undefined> {
    const path = `/api/cases/${patientCase}/archives/${archive}/fetch`;
    const response = await post(path, { studyUid }).catch(() => undefined);
    return response?.ok ? undefined : wordOf(response);
}

/** Ends it, or forgets what is over. */
export async function endFetch(patientCase: string, id: string): Promise<void> {
    const path = `/api/cases/${patientCase}/archive-fetches/${id}`;
    await fetchAgain(path, { method: 'DELETE' }).catch(() => undefined);
}
