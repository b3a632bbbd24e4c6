// Words of links for one person, and of keeping and erasing a case.
const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const linksEn = {
    links: {
        title: 'Links to this case',
        lead: 'A link lets one person in, once: whoever opens it first. Send it to that person alone.',
        none: 'No link was made yet.',
        make: 'Make a link',
        makeTitle: 'A link to this case',
        as: 'What they are here',
        role: {
            observer: 'Observer: looks on',
            member: 'Member: takes part and decides',
            specialist: 'Specialist: is asked for an opinion',
            patient: 'The patient',
        },
        thePatient: 'the patient',
        needsConsent: 'They see the case as long as the patient’s consent covers them, if one is asked for.',
        patientStays: 'A patient keeps access to their own case. Their name stands in the case alone.',
        state: { open: 'not used yet', used: 'used', withdrawn: 'called back', expired: 'too old' },
        worksUntil: (when: string) => `works until ${when}`,
        accessUntil: (when: string) => `access ends ${when}`,
        callBack: 'Call back',
        callBackNamed: (name: string) => `Call back the link for ${name}`,
        calledBack: 'Called back. The link works no longer.',
        calledBackUsed: 'Called back. They see nothing any more.',
        calledBackStays: 'Called back. Who came by it keeps their access; nobody comes by it again.',
        /** Of those that lead elsewhere, where an organisation lists its own. */
        toCase: (role: string) => `To one case. ${role}`,
        toMeeting: (cases: number) => `Guest of ${plural(cases, 'case', 'cases')} of a meeting`,
        /** To whoever opens one. */
        leadBoard: (cases: number) =>
            `You take part in ${plural(cases, 'case', 'cases')} of one meeting, as a guest. ` +
            'Choose how you sign in; after that you are there.',
        ownBoard: (cases: number) =>
            `You take part in ${plural(cases, 'case', 'cases')} of one meeting, as a guest.`,
        ownCase: 'You will see one case.',
        endsWithMeeting: (when: string) => `It ends with the meeting, on ${when} at the latest.`,
        onRoster: 'You take part in this meeting already',
        onRosterHelp: 'You need no link. It still works for somebody else.',
    },
    guestLinks: {
        button: 'Guests by a link',
        title: 'Guests by a link',
        lead:
            'Somebody from outside takes part in the cases you choose. Of the others they read numbers only. ' +
            'When the meeting ends, they see nothing any more.',
        noItems: 'Put a case on the agenda first.',
        make: 'Make a link',
        which: 'Cases they take part in',
        noneChosen: 'Choose at least one case.',
        atMost: 'At most until',
        daysAfter: (days: number) => `${plural(days, 'day', 'days')} after the beginning`,
        ends: 'It ends with the meeting in any case.',
    },
    keeping: {
        title: 'Keeping and erasing',
        of: (number: string) => `Case ${number}`,
        lead: 'Who the patient is and what the case says is not shown here.',
        free: 'There is no legal hold: the case can be erased.',
        held: (when: string) => `This case must be kept. There has been a legal hold since ${when}.`,
        heldOther: 'Only an administrator or a privacy officer can lift it.',
        place: 'Place a legal hold',
        placeLead: 'While there is a hold, nobody can erase this case, whoever asks for it.',
        placeWhy: 'Why it must be kept',
        placed: 'Held. It cannot be erased now.',
        lift: 'Lift the hold',
        liftLead: 'From then on the case can be erased.',
        liftWhy: 'Why it need not be kept any more',
        lifted: 'Lifted. The case can be erased.',
        reasonHelp: 'It stays in the record. Write nothing about the patient.',
        erase: 'Erase this case',
        eraseHeld: 'While there is a hold, it cannot be erased.',
        eraseTitle: 'Erase this case?',
        goes: 'This goes, at once and for everybody, the treating team included:',
        goesList: [
            'images and documents',
            'the case card, the conversation, drawings and saved views',
            'decisions, votes, signatures and tasks',
            'who the patient is, on every worklist and every agenda',
        ],
        stays: 'This stays:',
        staysList: [
            'that there was a case with this number, when it was erased and by whose order',
            'its place on the agenda of a meeting, empty',
            'who looked at it and when',
            'the chain of the record: whole, but nobody can read what was written',
        ],
        never:
            'Nobody can undo this: the key of the case is destroyed, in backups, too. ' +
            'If somebody places a hold first, the hold wins.',
        eraseWhy: 'Why it is erased',
        eraseWhyHelp: 'It is part of the case and goes with it. Keep it in your own files, too.',
        confirm: (number: string) => `To confirm, write the number of the case: ${number}`,
        eraseNow: 'Erase for good',
        keep: 'Keep it',
        proof: {
            lead: 'And prove that it is you.',
            go: 'Erase for good, with your passkey',
            waiting: 'Erasing…',
            over: 'Prove once more that it is you.',
            late: 'It was not proved in time that it is you. Nothing was erased. Give your password or code again.',
        },
        erasing: 'This case is being erased',
        erasingHelp:
            'Nobody sees it any more. Its images and its key are being destroyed, which takes a minute or two. ' +
            'You need not wait.',
        erased: 'This case was erased',
        open: 'Keep or erase',
        openNamed: (number: string) => `Keep or erase case ${number}`,
    },
};
