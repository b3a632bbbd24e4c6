// What is held in a case, with what images say of their patient beside what the case says.
import { fetchAgain } from './http';

export interface Says {
    name: string;
    birthDate: string;
    sex: string;
    patientId: string;
}
export type SaysField = keyof Says;

interface SentFile {
    size: number;
    sentBy: string;
    /** Milliseconds since 1970. */
    sentAt: number;
}

export interface HeldStudy extends SentFile {
    heldFor: 'patient' | 'content';
    study: string;
    /** What decisions name it by, in hexadecimal digits; empty for contents. */
    patient: string;
    says: Says;
    differs: SaysField[];
    /** As DICOM writes it. */
    date: string;
    description: string;
    images: number;
    /** When the last of them came, in microseconds since 1970: what is removed is what came until then. */
    seen: number;
    series: { modality: string; description: string; images: number }[];
    /** The one that is shown under the same UID. */
    shown?: SentFile;
}

export interface HeldList {
    case: Says;
    studies: HeldStudy[];
    /** There are more than these. */
    more: boolean;
}

/** Undefined when it cannot be had: away, or not for this person. */
export async function heldOf(patientCase: string): Promise<HeldList | undefined> {
    try {
        const response = await fetchAgain(`/api/cases/${patientCase}/held`);
        return response.ok ? ((await response.json()) as HeldList) : undefined;
    } catch {
        return undefined;
    }
}

export const bytesOfHex = (hex: string): Uint8Array =>
    Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
