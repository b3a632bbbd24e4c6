// Words of studies that are fetched from other archives.
const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const archivesEn = {
    archives: {
        title: 'From another archive',
        help:
            'Look for the patient’s studies in an archive that this hospital may ask, and fetch them into the case. ' +
            'The search and what is fetched are in the record of accesses.',
        archive: 'Archive',
        patientId: 'Patient id there',
        name: 'Name',
        nameHelp: 'Family name, given name; * stands for anything',
        birthDate: 'Born',
        accessionNumber: 'Accession number',
        studyDate: 'Date of the study',
        search: 'Search',
        searching: 'Searching…',
        nothing: 'Nothing is found. Every filled field has to match: empty some of them and search again.',
        found: (count: number) => `${plural(count, 'study', 'studies')} found`,
        more: 'There are more. Fill in more fields to see all that match.',
        noDescription: 'No description',
        images: (count: number) => plural(count, 'image', 'images'),
        series: (count: number) => `${count} series`,
        born: (date: string) => `born ${date}`,
        here: 'All of it is in the case',
        partlyHere: (here: number, all: number) => `${here} of ${all} images are in the case`,
        someHere: (here: number) => `${plural(here, 'image of it is', 'images of it are')} in the case`,
        fetch: 'Fetch',
        fetchThis: (study: string) => `Fetch: ${study}`,
        fetches: 'Fetched lately',
        study: (uid: string) => `Study ${uid}`,
        state: {
            waiting: 'Waits until others are fetched',
            listing: 'Asks what there is',
            resting: 'Tries again in a moment',
            done: 'All that there is has been fetched',
            broken: 'Broken off',
        },
        progress: (done: number, all: number) => `${done} of ${plural(all, 'image', 'images')}`,
        summary: (stored: number, known: number) =>
            `${plural(stored, 'image', 'images')} stored, ${known} known already`,
        held: (count: number) => `${count} held until somebody decides`,
        heldPatient: 'held: it says another patient than the case; the coordinator decides',
        refused: (count: number) => `${count} refused`,
        again: 'Fetch what is missing',
        stop: 'Stop',
        forget: 'Take off this list',
        /** By the server's word for it: what is wrong and what to do. */
        why: {
            away: 'The archive does not answer. Try again later, or ask who runs it.',
            slow: 'The archive takes too long to answer. Try again later.',
            broken_line: 'The line to the archive broke.',
            certificate:
                'The archive’s certificate cannot be trusted, so nothing was sent. Ask the administrator of this ' +
                'server to check it (caFile in the list of archives).',
            token:
                'The archive refuses this server’s access token. Ask the administrator of this server for a new one.',
            not_found: 'The archive does not have this study, or its address in the list of archives is wrong.',
            elsewhere:
                'The archive points to another address, which this server does not follow. Ask the administrator of ' +
                'this server to correct the list of archives.',
            busy: 'Too much is under way. Try again in a moment.',
            status: 'The archive answers with an error. Try again later, or ask who runs it.',
            answer: 'What the archive answers cannot be read. Ask who runs it.',
            no_space: 'The server’s disk is full. Tell the administrator.',
            too_many: 'Too many studies, or too many images in one. Wait until others are fetched.',
            unavailable: 'It cannot be done just now. Try again in a moment.',
            not_configured: 'This archive is not on the list of this server any more.',
            masked: 'Only who is told who the patient is can search.',
            keys: 'Say whom to look for: a patient id, a name or an accession number.',
            not_found_here: 'You may not add images to this case any more.',
            no_answer: 'The server did not answer. Try again in a moment.',
        } as Record<string, string>,
        whyUnknown: 'It failed for a reason that this page does not know.',
    },
};
