// Series of a case of which nothing is drawn here: segmentations, structures of radiotherapy, waveforms, selections.
// Found by what the case has and the list of what can be shown has not.
import { fetchAgain } from '../connection/http';
import type { DicomObject } from './dicom';
import { textOf } from './foreign';
import { ownSeriesUid } from './presentations';

export interface KeptSeries {
    seriesUid: string;
    modality: string;
    description: string;
    /** YYYYMMDD, or empty. */
    date: string;
}

/** What this server itself writes of a case (server/evidence/evidence_plan.c); listed as what it was made of. */
const OWN = ['measurements', 'views', 'key images'] as const;
/** Presentation states have a list of their own. */
const LISTED_ELSEWHERE = 'PR';

/** Undefined when they cannot be had. `shown` are series that are seen somewhere. */
export async function keptSeries(
    patientCase: string,
    shown: ReadonlySet<string>,
    signal: AbortSignal,
): Promise<KeptSeries[] | undefined> {
    const answer = await fetchAgain(`/api/cases/${patientCase}/dicom-web/series`, {
        signal,
        headers: { Accept: 'application/dicom+json' },
    }).catch(() => undefined);
    if (answer?.status !== 200) {
        return answer?.status === 204 ? [] : undefined;
    }
    const all = (await answer.json()) as DicomObject[];
    const others = all.filter((one) => {
        const series = textOf(one, '0020000E');
        return series !== '' && !shown.has(series) && textOf(one, '00080060') !== LISTED_ELSEWHERE;
    });
    const studies = [...new Set(others.map((one) => textOf(one, '0020000D')))];
    const own = await Promise.all(
        studies.flatMap((study) => OWN.map((kind) => ownSeriesUid(patientCase, study, kind))),
    );
    return others
        .map((one) => ({
            seriesUid: textOf(one, '0020000E'),
            modality: textOf(one, '00080060'),
            description: textOf(one, '0008103E'),
            date: textOf(one, '00080020'),
        }))
        .filter(({ seriesUid }) => !own.includes(seriesUid))
        .sort((a, b) => b.date.localeCompare(a.date) || a.seriesUid.localeCompare(b.seriesUid));
}
