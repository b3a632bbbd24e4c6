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
        } as Record<string, string>,
        whyUnknown: 'for a reason that this page does not know',
        openCase: 'Open the case',
    },
};
