// Files of a case that are neither images nor documents, as the server lists them. What is said is not trusted.
import { fetchAgain } from './http';

export interface OtherFile {
    id: string;
    /** As its sender calls it: anybody's words. */
    name: string;
    size: number;
    by: string;
    /** Milliseconds since 1970. */
    at: number;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const isFile = (one: Partial<OtherFile>): one is OtherFile =>
    typeof one.id === 'string' &&
    UUID.test(one.id) &&
    typeof one.name === 'string' &&
    typeof one.size === 'number' &&
    typeof one.by === 'string' &&
    typeof one.at === 'number';

/** Undefined when they cannot be had, or are not for this reader. */
export async function otherFiles(patientCase: string, stopped: AbortSignal): Promise<OtherFile[] | undefined> {
    const response = await fetchAgain(`/api/cases/${patientCase}/files`, { signal: stopped }).catch(() => undefined);
    if (!response?.ok) {
        return undefined;
    }
    const body = (await response.json().catch(() => ({}))) as { files?: Partial<OtherFile>[] };
    return Array.isArray(body.files) ? body.files.filter(isFile) : undefined;
}
