// Words about images that say another patient than the case, in English.
const images = (count: number): string => (count === 1 ? '1 image' : `${count} images`);

export const heldEn = {
    held: {
        title: 'Images of another patient?',
        banner: (count: number) =>
            count === 1
                ? '1 image waits until you say whose it is'
                : `${count} images wait until you say whose they are`,
        look: 'Look at them',
        lead: 'Nobody sees these images until somebody has decided. Their own headers stay as they were sent.',
        nothing: 'Nothing waits for a decision.',
        more: 'There are more. They are listed when some of these are decided.',
        away: 'This cannot be read just now. Try again.',
        images,
        sent: (name: string, when: string) => (name ? `Sent by ${name}, ${when}.` : `Sent ${when}.`),
        field: 'What is said',
        caseSays: 'The case says',
        imagesSay: 'The images say',
        fields: { name: 'Name', birthDate: 'Born', sex: 'Sex', patientId: 'Number' },
        notSaid: 'not said',
        differs: 'differs',
        join: 'Same patient: join',
        joinTitle: 'Are these images of this patient?',
        joinMeans:
            'Whoever sees the case sees them then, and more files of this study that say the same are not held. ' +
            'That you confirmed it is written down.',
        joinNow: 'Yes, it is the same patient',
        joined: 'The images are joined to the case.',
        remove: 'Not this patient: remove',
        removeTitle: 'Remove these images?',
        removeMeans:
            'They are deleted for good, here. That they came, how many they were and your reason stay in the record.',
        removeNow: (count: number) => `Remove ${images(count)}`,
        removed: 'They are being removed. What became of it is listed under what was decided.',
        reason: 'Reason',
        reasonHelp: 'For the record of the case.',
        content: (count: number) =>
            count === 1
                ? '1 image has the UID of one that is shown, and other contents.'
                : `${count} images have the UIDs of ones that are shown, and other contents.`,
        contentShown: (held: string, shown: string) => `The first has ${held}, the one that is shown ${shown}.`,
        discard: 'Keep what is shown',
        discardTitle: 'Keep what is shown and delete the other?',
        discardMeans: 'What is shown stays. The other contents are deleted for good.',
        decided: 'Decided before',
        wasJoined: (count: number) => `A study of another patient was joined: ${images(count)}`,
        wasRemoved: (count: number) => `A study of another patient was removed: ${images(count)}`,
        wasDiscarded: (count: number) => `Other contents of what is shown were removed: ${images(count)}`,
        wasKept: (count: number) =>
            `Nothing was removed, and all is held as before: more had come than the ${images(count)} that were shown`,
        wasHeldAgain: 'A study of another patient had been joined, and is held again',
        again: 'Take this back',
        againTitle: 'Hold these images again?',
        againMeans:
            'Nobody sees them any more, at once, until it is decided once more. Drawings and decisions that were ' +
            'made of them stay.',
        againNow: 'Hold them again',
        heldAgain: 'The images are held again.',
        waits: 'waits for you',
    },
};
