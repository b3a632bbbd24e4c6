// Words of images on their way into a case.
const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const uploadEn = {
    upload: {
        addImages: 'Add images',
        title: 'Images and documents',
        drop: 'Drop a folder or files here',
        choose: 'Choose files…',
        chooseFolder: 'Choose a folder…',
        help:
            'A folder, a CD or a ZIP with DICOM files, PDF, JPEG or PNG. Anything else is kept with its name and is ' +
            'not opened. Large files go on where they stopped, also after this page was closed: drop them here again.',
        progress: (done: number, all: number) => `${done} of ${all} files`,
        bytes: (done: string, all: string) => `${done} of ${all}`,
        reading: 'Everything has arrived and is being read',
        outcome: {
            stored: 'stored',
            already_there: 'was there already',
            held: 'held: it says the same as another and shows something else',
            refused: 'refused',
            failed: 'not sent',
            kept: 'kept and not opened',
        },
        summary: (stored: number, known: number, refused: number) =>
            `${plural(stored, 'file', 'files')} stored, ${known} known already, ${refused} refused`,
        waiting: (count: number) =>
            count === 1
                ? '1 file says another patient than the case. It is kept, and nobody sees it until the coordinator ' +
                  'of the case has said whose it is.'
                : `${count} files say another patient than the case. They are kept, and nobody sees them until the ` +
                  'coordinator of the case has said whose they are.',
        kept: (count: number) => `${plural(count, 'other file', 'other files')} kept and not opened`,
        missing: (missing: number, named: number) =>
            `The directory of the CD (DICOMDIR) names ${plural(named, 'file', 'files')}; ` +
            `${missing} of them ${missing === 1 ? 'is' : 'are'} missing.`,
        nothingMissing: (named: number) =>
            `The directory of the CD (DICOMDIR) names ${plural(named, 'file', 'files')}, and all are here.`,
        problems: 'Not taken',
        again: 'Send what was not sent again',
        stop: 'Stop',
        noAnswer: 'the server did not answer',
        /** By the server's word for it. */
        why: {
            not_dicom: 'no DICOM file',
            truncated: 'the file ends too early',
            malformed: 'damaged, or not written as DICOM asks',
            over_limit: 'larger or deeper than is read here',
            no_identity: 'says of no study, series or image which one it is',
            unsupported: 'a kind of DICOM that is not shown here',
            worker_failed: 'it could not be read. Tell the administrator.',
            empty: 'the file is empty',
            too_large: 'larger than one file may be',
            no_space: 'the server’s disk is full. Tell the administrator.',
            not_an_archive: 'not a ZIP that can be read',
            encrypted: 'it is locked with a password. Send it without one.',
            damaged: 'its bytes are not what its checksum says: send it again',
            too_many: 'too many uploads are under way. Finish or end others first.',
            not_found: 'you may not add files to this case any more',
            checksum_mismatch: 'what came is not what its checksum says: send it again',
            offset: 'it goes on at another place than this page thought: send it again',
            locked: 'it could not be said how far it is: send it again',
            unavailable: 'the server cannot take it just now: send it again',
            busy: 'many files are being stored: send it again',
            length: 'its length was not said: tell the administrator',
            length_required: 'its length was not said: tell the administrator',
            content_type: 'it was sent in a way that the server does not take: tell the administrator',
            version: 'it was sent in a way that the server does not take: tell the administrator',
            checksum: 'it was sent in a way that the server does not take: tell the administrator',
            none: 'it belongs to another study than it was sent to',
        } as Record<string, string>,
        whyUnknown: 'for a reason that this page does not know',
        openCase: 'Open the case',
        keptNames: 'Kept with the case and not opened',
        more: (count: number) => `and ${count} more`,
    },
    /** Files on their way, for who has the case open. */
    arriving: {
        name: 'Images on their way',
        of: (done: number, files: number) => `${done} of ${plural(files, 'file', 'files')}`,
        soFar: (done: number) => `${plural(done, 'file', 'files')} so far`,
        percent: (percent: number) => `${percent} %`,
        seconds: 'less than a minute left',
        minutes: (minutes: number) => `about ${minutes} min left`,
        hours: (hours: number) => `about ${hours} h left`,
        receiving: 'Images are arriving',
        reading: 'Images have arrived and are being read',
        waiting: 'waiting for the sender',
        arrived: (images: number) => `${plural(images, 'image', 'images')} arrived`,
        keptToo: (kept: number) => `${plural(kept, 'other file', 'other files')} kept`,
    },
    otherFiles: {
        title: 'Other files',
        help:
            'Neither images nor documents that are shown here. Nobody here has opened them: what you save opens in a ' +
            'program of your own.',
        save: 'Save',
        saveThis: (name: string) => `Save ${name}`,
        all: (count: number) => `Show all ${count}`,
        unnamed: 'File without a name',
    },
    keptSeries: {
        title: 'Kept, not drawn',
        help: 'Series of this case of which nothing is drawn on the images here. They are given out over DICOMweb.',
        unnamed: 'Series without a description',
        more: (count: number) => `and ${count} more`,
        kind: (modality: string) =>
            ({
                SEG: 'Segmentation (SEG)',
                RTSTRUCT: 'Structures of radiotherapy (RTSTRUCT)',
                RTPLAN: 'Plan of radiotherapy (RTPLAN)',
                ECG: 'Electrocardiogram (ECG)',
                KO: 'Selection of images (KO)',
                SR: 'Report (SR)',
                REG: 'Registration (REG)',
            })[modality] ?? modality,
    },
};
