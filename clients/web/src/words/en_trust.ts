// Words of consent and of access in an emergency.
const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const trustEn = {
    yourCase: 'Your case',
    consent: {
        title: 'Consent',
        yours: 'Who may see your case',
        of: (name: string) => `Who may see the case of ${name}`,
        button: 'Who may see it',
        notAsked:
            'Nobody has asked for your consent. Those below see your case because they take part in ' +
            'your treatment.',
        notAskedOther:
            'No consent is written down. Those below see the case because they take part in the ' +
            'treatment.',
        given: (when: string) => `You agreed on ${when}.`,
        givenOther: (when: string, how: string) => `Written down on ${when}: ${how}.`,
        until: (when: string) => `It ends on ${when} by itself.`,
        none: 'No consent is in force. Only those who treat you see your case.',
        noneOther: 'No consent is in force. Only the treating team sees the case.',
        ended: (when: string) => `ended on ${when}`,
        withdrawn: (when: string) => `withdrawn on ${when}`,
        before: 'Earlier',
        read: 'What was read',
        wording: (version: string, language: string) => `Version ${version}, ${language}`,
        /** What changed in it since would show here. */
        wordingChanged: 'These words do not match what was written down when they were agreed to.',
        scope: {
            all: 'images, findings, and who the patient is',
            nameless: 'images and findings, without a name',
        },
        everybody: 'Everybody who takes part',
        some: (people: number, boards: number) =>
            [
                people > 0 ? plural(people, 'person', 'people') : '',
                boards > 0 ? plural(boards, 'board', 'boards') : '',
            ]
                .filter(Boolean)
                .join(', '),
        treating: 'They treat you, and see your case by law',
        treatingOther: 'Treating team: sees the case by law',
        others: 'They see it with your consent',
        othersOther: 'They see it with the patient’s consent',
        othersNot: 'They see nothing of it now',
        nobody: 'Nobody.',
        throughBoard: 'through a tumor board',
        emergencies: 'Seen in an emergency',
        emergency: (name: string, when: string) => `${name}, ${when}`,
        looked: 'Who has looked',
        agree: 'I agree',
        record: 'Write down a consent',
        withdraw: 'Withdraw',
        object: 'I do not want this',
        withdrawTitle: 'Withdraw your consent?',
        withdrawTitleOther: 'Withdraw the consent?',
        withdrawLoses: 'These people see nothing of the case any more, at once:',
        withdrawKeeps: 'By law these keep access, because they treat you and must keep the record:',
        withdrawKeepsOther: 'By law these keep access, because they treat the patient and must keep the record:',
        withdrawStays: 'What was decided already stays in the record. You can agree again at any time.',
        withdrawNow: 'Withdraw now',
        keep: 'Keep it',
        whom: 'Who may see it',
        whomAll: 'Everybody who takes part in the treatment',
        what: 'What they may see',
        whatAll: 'Everything, with the name',
        whatNameless: 'Images and findings, without the name',
        howLong: 'For how long',
        month: 'One month',
        year: 'One year',
        untilWithdrawn: 'Until it is withdrawn',
        how: 'On whose word',
        howHelp: 'For example: signed on paper on 28 November, scanned into the record.',
        howHere: 'given here by the patient',
        howProxy: 'given here for the patient',
        done: 'Written down.',
        withdrawnDone: 'Withdrawn. They see nothing of it any more.',
        text:
            'I agree that the doctors named here see my images, findings and records, in order to advise on my ' +
            'treatment. They may talk about me with each other in a tumor board, also by video. I know ' +
            'that those who ' +
            'treat me see my case by law. I can withdraw this at any time, without a reason and without harm to my ' +
            'treatment; from then on the others see nothing. What was decided until then stays in my record.',
    },
    glass: {
        open: 'Emergency access',
        title: 'Open this case in an emergency',
        lead:
            'If somebody’s life or health is at risk and cannot wait, you may see a case of your ' +
            'hospital for 30 minutes. ' +
            'The privacy officer, the treating team and the patient are told at once, with your name ' +
            'and your reason. ' +
            'Everything you look at is marked.',
        reason: 'Why it cannot wait',
        reasonHelp: 'In a sentence. It is kept with the case.',
        go: 'Open for 30 minutes',
        not_found: 'There is no such case that you could open.',
        has_access: 'You see this case already.',
        unreachable: 'The server could not be reached. Nothing was opened. Try again.',
        banner: 'Emergency access for half an hour. All of it is written down; the privacy officer knows.',
    },
};
