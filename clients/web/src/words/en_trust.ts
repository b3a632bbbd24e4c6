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
    restriction: {
        title: 'Restricted use',
        none: 'The use of this case is not restricted.',
        since: (when: string) => `Restricted since ${when}.`,
        means:
            'The case is kept and not used: only who coordinates it sees what is in it, nothing is written, no ' +
            'further board gets it. In an emergency it can still be opened.',
        meansYours:
            'Your case is kept and not used. Only who coordinates it sees what is in it. ' +
            'Before this ends you are told.',
        reason: 'Reason',
        reasonHelp: 'In a sentence, without the patient’s name. The patient reads it, too.',
        restrict: 'Restrict its use',
        restrictTitle: 'Restrict the use of this case?',
        restrictLoses: 'Everybody but who coordinates it sees nothing of the case any more, at once.',
        restrictNow: 'Restrict now',
        lift: 'Lift the restriction',
        liftTitle: 'Lift the restriction?',
        liftTold: 'Tell the patient before you do (GDPR, article 18, 3). Whoever saw the case before sees it again.',
        liftNow: 'Lift now',
        done: 'Restricted. It is kept, and not used.',
        lifted: 'Lifted. The case is in use again.',
        banner: (when: string, reason: string) =>
            `Use restricted since ${when}: ${reason}. The case is kept; nothing may be written.`,
    },
    copy: {
        title: 'Your data',
        lead:
            'Everything that is kept of you: account, roles, second factors without their secrets, sign-ins, ' +
            'worklist, notes, preferences, and what you looked at. As a page to read and as a file for machines.',
        titleCase: 'A copy of the case',
        leadCase:
            'Everything that is kept of the case: findings, decisions, consents, conversation, images and ' +
            'documents, who looked, and every earlier version. As a page to read and as a file for machines.',
        leadYours:
            'You may have everything that is kept of your case: findings, decisions, consents, images and documents, ' +
            'and who looked. As a page to read and as a file for machines.',
        closing:
            'Who runs the organisation closes your account when you ask for it. Then all of this is gone but your ' +
            'name where you looked, wrote or signed, which the record keeps by law.',
        get: 'Download a copy',
        coming: 'The copy is being made. It begins to download by itself.',
        failed: 'The copy could not be made just now. Try again.',
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
