// Wörter für Vorbereitung, Sitzung und Abschluss, auf Deutsch.
import type { meetingEn } from './en_meeting';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const meetingDe: typeof meetingEn = {
    card: {
        title: 'Fallkarte',
        topic: {
            question: 'Fragestellung',
            diagnosis: 'Diagnose',
            tumor_stage: 'Stadium',
            history: 'Anamnese',
            performance_status: 'Allgemeinzustand',
            comorbidities: 'Begleiterkrankungen',
            treatment: 'Bisherige Therapie',
            pathology: 'Pathologie',
            results: 'Wichtige Befunde',
            preference: 'Patientenwunsch',
            guideline: 'Leitlinie',
            images: 'Bilder',
        },
        ageYears: (years) => plural(years, 'Jahr', 'Jahre'),
        ageMonths: (months) => plural(months, 'Monat', 'Monate'),
        ageOver: (years) => `${years} Jahre oder älter`,
        sex: { M: 'männlich', F: 'weiblich', O: 'divers' },
        missing: 'fehlt',
        missingList: (topics) => `Fehlt noch: ${topics}`,
        write: 'Schreiben',
        change: 'Ändern',
        by: (name, when) => [name, when].filter(Boolean).join(', '),
        changedBy: (name) =>
            `${name || 'Jemand anderes'} hat das inzwischen geschrieben. Ihr Text bleibt darunter stehen.`,
        keepMine: 'Meinen Text speichern',
        takeTheirs: 'Den anderen übernehmen',
        privateNote: 'Meine Notiz',
        privateNoteHelp: 'Nur für Sie sichtbar. Nicht Teil der Akte.',
        notSaved: 'noch nicht gespeichert',
    },
    sideWords: {
        right:
            'rechts rechte rechten rechter rechtes rechtem rechtsseitig rechtsseitige rechtsseitigen ' +
            'rechtsseitiger rechtsseitigem re.',
        left:
            'links linke linken linker linkes linkem linksseitig linksseitige linksseitigen ' +
            'linksseitiger linksseitigem li.',
    },
    side: {
        unknown: 'nicht angegeben',
        right: 'rechts',
        left: 'links',
        both: 'beide Seiten',
        none: 'entfällt',
    },
    decision: {
        noMeeting: 'Keine Konferenz mit Vorlage hat diesen Fall auf der Tagesordnung; hier ist nichts zu entscheiden.',
        none: 'Noch ist nichts festgehalten.',
        sealed: 'Die Sitzung ist beendet: Für sie wird nichts mehr festgehalten.',
        earlier: 'Frühere Beschlüsse',
        standard: 'Standardtherapie, ohne Besprechung bestätigt',
        side: 'Seite',
        required: '(zum Unterschreiben nötig)',
        choose: 'Auswählen…',
        empty: 'leer',
        record: 'Beschluss festhalten',
        recordChange: 'Änderung festhalten',
        dropDraft: 'Verwerfen',
        recordedBy: (name, when) =>
            `Festgehalten, nicht unterschrieben · ${[name, when].filter(Boolean).join(', ')}`,
        signedBy: (name, when) => `Unterschrieben von ${name}, ${when}`,
        chairSigns: 'Die Leitung unterschreibt.',
        sign: 'Unterschreiben…',
        signTitle: 'Unterschreiben: gegenlesen',
        signFor: (name, side) => `Unterschreiben für ${name} · ${side}`,
        isSigned: 'Dieser Beschluss ist unterschrieben.',
        otherSide: (named, recorded) =>
            `Der Text nennt eine andere Seite (${named}) als die festgehaltene (${recorded}). ` +
            'Vor dem Unterschreiben prüfen.',
        unanswered: (fields) => `Vor dem Unterschreiben nötig: ${fields}`,
        changedMeanwhile:
            'Der Text wurde geändert, während Sie lasen. Nichts wurde unterschrieben. Dies ist der neue Text.',
        readAgain: 'Ich habe den neuen Text gelesen',
        toSign: (count) => `Zu unterschreiben: ${count}`,
        toSignTitle: 'Zu unterschreibende Beschlüsse',
        allSigned: 'Alles Beschlossene ist unterschrieben.',
        signedAs: (name, discipline, when, meaning) =>
            `Unterschrieben von ${name} (${[discipline, 'Leitung der Konferenz'].filter(Boolean).join(', ')}) ` +
            `am ${when}: ${meaning}`,
        meaning: {
            unsaid: 'ohne Angabe der Bedeutung',
            approved: 'genehmigt',
            standard: 'als Standardtherapie bestätigt',
            added: 'als Nachtrag verfasst',
        },
        broken: 'Diese Unterschrift passt nicht zu dem, was hier steht.',
        brokenHelp: (name, when) =>
            `Sie soll von ${name} sein, ${when}. Text oder Unterschrift wurden seither verändert. ` +
            'Handeln Sie nicht danach und verständigen Sie die Administration.',
        unbound:
            'Unterschrieben, bevor Unterschriften an ihren Text gebunden wurden: Sie lässt sich nicht prüfen.',
        unchecked:
            'Dieser Browser kann die Unterschrift nicht prüfen. Öffnen Sie die Seite über HTTPS.',
        addenda: 'Nachträge',
        addAddendum: 'Nachtrag hinzufügen…',
        addendumTitle: 'Nachtrag zu einem unterschriebenen Beschluss',
        addendumHelp:
            'Der Beschluss bleibt, wie er unterschrieben wurde. ' +
            'Ihr Nachtrag wird ebenfalls unterschrieben und steht darunter.',
        addendumText: 'Nachtrag',
        addendumSign: 'Nachtrag unterschreiben',
        signing: {
            first:
                'Ihre erste Unterschrift in dieser Sitzung verlangt alles, was Ihr Konto hat. ' +
                'Die nächsten verlangen vier Stunden lang nur eines davon.',
            next: 'Für diese Unterschrift genügt eines.',
            password: 'Passwort',
            code: 'Code',
            codeHelp: 'Sechs Ziffern aus Ihrer Authenticator-App oder einer Ihrer Ersatzcodes.',
            passwordOrCode: 'Passwort oder Code',
            passwordOrCodeHelp: 'Ihr Passwort oder sechs Ziffern aus Ihrer Authenticator-App.',
            byPasskey: 'Mit Passkey unterschreiben',
            firstByPasskey: 'Mit Passwort und Passkey unterschreiben',
            waiting: 'Wird unterschrieben…',
            over:
                'Das Zeitfenster für Unterschriften in dieser Sitzung ist vorbei oder gilt für eine andere. ' +
                'Geben Sie alles noch einmal an.',
            asking: 'Einen Moment…',
            again: 'Noch einmal versuchen',
        },
    },
    task: {
        title: 'Aufgaben',
        add: 'Aufgabe hinzufügen',
        number: (number) => `Aufgabe ${number}`,
        what: 'Was zu tun ist',
        owner: 'Wer',
        ownerName: 'Name',
        nobody: 'Noch niemand',
        somebodyElse: 'Jemand anderes…',
        due: 'Fällig',
        dueOn: (date) => `fällig ${date}`,
        state: { open: 'offen', done: 'erledigt', refused: 'abgelehnt' },
        closed: (state, name, when) => `${state} · ${[name, when].filter(Boolean).join(', ')}`,
        done: 'Erledigt',
        refuse: 'Wird nicht erledigt…',
        refuseNow: 'Ablehnen',
        reopen: 'Wieder öffnen',
        why: 'Warum nicht',
    },
    vote: {
        title: 'Stimmen',
        count: (agree, dissent, abstain, waiting) =>
            `Stimmen: ${agree} dafür, ${dissent} dagegen, ${abstain} enthalten, ${waiting} noch nicht`,
        cast: (agree, dissent, abstain) => `${agree} dafür, ${dissent} dagegen, ${abstain} enthalten`,
        yours: 'Ihre Stimme',
        forPerson: (name, discipline) => `Für ${[name, discipline].filter(Boolean).join(', ')}`,
        choice: { agree: 'Dafür', dissent: 'Dagegen', abstain: 'Enthaltung' },
        reason: 'Grund für die Gegenstimme',
        onOlder: '(zu einem älteren Text)',
        older: (names) => `Zu einem älteren Text abgestimmt: ${names}`,
    },
    afterwards: {
        title: 'Umsetzung der Empfehlung',
        state: {
            unknown: 'noch nicht bekannt',
            followed: 'Wie empfohlen',
            changed: 'Abweichend',
            stopped: 'Nicht umgesetzt',
        },
        why: 'Warum',
    },
    outcome: {
        none: 'offen',
        decided: 'entschieden',
        deferred: 'vertagt',
        later: 'kommt später',
        not_discussed: 'nicht besprochen',
        standard: 'Standardtherapie',
    },
    step: {
        escape: 'Esc',
        undecided: (name) => `${name}: noch kein Beschluss`,
        record: 'Festhalten',
        defer: 'Vertagen',
        later: 'Später aufrufen',
        notDiscussed: 'Nicht besprochen',
        why: {
            deferred: (name) => `Warum wird ${name} vertagt?`,
            not_discussed: (name) => `Warum wurde ${name} nicht besprochen?`,
        },
        noReasons: 'Die Vorlage dieser Konferenz hat keine Gründe. Die Verwaltung kann sie hinzufügen.',
        unready: (name, lacks) => `${name} ist nicht bereit: ${lacks}`,
        unreadyWhy: 'Warum trotzdem?',
        openAllTheSame: 'Besprechen',
        left: (name) => `Zurück zu ${name}`,
        wentOn: 'Letzten Schritt zurücknehmen',
        undo: (seconds) => `Zurück (${seconds} s)`,
    },
    agendaWords: {
        menu: 'Tagesordnung: mehr',
        details: 'Minuten und Vorstellung',
        lookAtCase: 'Diesen Fall ansehen',
        moveHint: 'Alt und die Pfeile verschieben diesen Fall',
        movedTo: (place) => `Auf Platz ${place} verschoben`,
        moveTo: 'In eine andere Sitzung verlegen',
        moveToHelp: 'Alles, was zum Fall gehört, geht mit.',
        noOtherMeeting: 'Sie leiten oder koordinieren keine andere Sitzung, die noch kommt.',
        meeting: 'Sitzung',
        moveNow: 'Dorthin verlegen',
        handedOver: 'an eine andere Sitzung übergeben',
        notReady: 'nicht bereit',
        notSigned: 'nicht unterschrieben',
        markStandard: 'Als Standardtherapie vormerken',
        unmarkStandard: 'Doch keine Standardtherapie',
        standardTitle: 'Standardtherapie bestätigen',
        standardHelp:
            'Diese werden ohne Besprechung entschieden. Jeder wird in seinem Fall festgehalten und unterschrieben.',
        standardSays: (says) => `Empfehlung: ${says}`,
        standardWordless:
            'Die Vorlage hat keine Worte für Standardtherapie: jeden Fall öffnen oder für das nächste Mal ergänzen.',
        chairConfirms: (count) =>
            `${plural(count, 'Fall wartet', 'Fälle warten')} darauf, dass die Leitung Standardtherapie bestätigt.`,
        confirmStandard: (count) => `Standardtherapie bestätigen (${count})`,
        cutOff: 'Anmeldeschluss',
        cutOffHelp: 'Von da an ist die Tagesordnung bekannt: Jede Arbeitsliste sagt, was vorzubereiten ist.',
        cutOffAt: (when) => `Anmeldeschluss ${when}`,
        noCutOff: 'Kein Anmeldeschluss',
        published: 'Bekannt gegeben',
    },
    meter: {
        planned: (minutes, cases) => `${minutes} min für ${plural(cases, 'Fall', 'Fälle')}`,
        used: (used, planned) => `${used} von ${planned} min`,
        running: (used, planned, left, cases) => `${used} von ${planned} min · ${left} übrig für ${cases}`,
    },
    closing: {
        confirm:
            'Sitzung beenden? Ihre Fälle werden gefragt, ob alles unterschrieben ist; dann schließt sie endgültig.',
        waiting: (names) =>
            `Diese werden verlegt oder haben einen Beschluss: ${names}. Öffnen Sie jeden und sagen Sie, wie er endet.`,
        notDiscussed: (names) => `Nicht besprochen: ${names}`,
        deferred: (names) => `Vertagt, da sie wiederkommen sollten: ${names}`,
        restReason: 'Ein Grund für alle, über seine Ziffer',
        unsigned: (names) =>
            `Noch nicht unterschrieben: ${names}. Die Leitung unterschreibt sie in der Tagesordnung.`,
        openCase: (name) => `${name} ist aufgerufen und ohne Beschluss. Der Fall endet als`,
        reason: 'Grund',
        now: (count) => `Wird beendet, ${plural(count, 'Fall steht', 'Fälle stehen')} noch aus`,
        calledOff: (names) => `Nicht beendet. Noch zu unterschreiben: ${names}`,
    },
    views: {
        note: 'Notiz',
        noteHelp: 'Was zu dieser Ansicht zu sagen ist.',
    },
    keyImage: {
        title: 'Schlüsselbilder',
        none: 'Noch keine. Die Taste K merkt das Gezeigte für das Protokoll vor.',
        marked: (title) => `Für das Protokoll vorgemerkt: ${title}`,
    },
    onSite: {
        title: 'Ohne Gerät im Raum',
        add: 'Jemanden eintragen',
        name: 'Name',
        votes: 'Stimmberechtigt',
        noVote: 'ohne Stimmrecht',
        tickIn: 'Eintragen',
    },
};
