// The reports of a case: what others measured, read when the case is looked at and shown when somebody wants it.
import { fetchAgain } from '../connection/http';
import { Store } from '../state/store';
import { readReports, type Report } from './report_reader';

export interface ShelfState {
    /** On this person's own glass. */
    shown: boolean;
    reports: readonly Report[];
}

/** Series that are read; a case has a handful. */
const SERIES_MAX = 64;

export class ReportShelf {
    readonly state = new Store<ShelfState>({ shown: true, reports: [] });
    private asked = 0;

    constructor(private readonly patientCase: string) {}

    show(shown: boolean): void {
        this.state.set({ ...this.state.get(), shown });
    }

    /** Reads what is there now; a case without reports, or one that may not be told of them, has none. */
    async read(stop: AbortSignal): Promise<void> {
        this.asked += 1;
        const asking = this.asked;
        const series = await this.seriesOfReports(stop).catch(() => []);
        const read = await Promise.all(
            series.slice(0, SERIES_MAX).map((uid) => this.metadata(uid, stop).then(readReports, () => [])),
        );
        if (asking === this.asked && !stop.aborted) {
            this.state.set({ ...this.state.get(), reports: read.flat() });
        }
    }

    private async seriesOfReports(signal: AbortSignal): Promise<string[]> {
        const answer = await fetchAgain(`/api/cases/${this.patientCase}/dicom-web/series?Modality=SR`, {
            signal,
            headers: { Accept: 'application/dicom+json' },
        });
        if (answer.status !== 200) {
            return [];
        }
        const found = (await answer.json()) as { '0020000E'?: { Value?: unknown[] } }[];
        return found.map((one) => one['0020000E']?.Value?.[0]).filter((uid) => typeof uid === 'string');
    }

    private async metadata(seriesUid: string, signal: AbortSignal): Promise<unknown> {
        const answer = await fetchAgain(`/api/cases/${this.patientCase}/series/${seriesUid}/metadata`, { signal });
        return answer.ok ? answer.json() : [];
    }
}
