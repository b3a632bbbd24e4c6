// Wörter der Verwaltung und der Seite für eine Einladung, auf Deutsch.
import type { administrationEn } from './en_administration';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const administrationDe: typeof administrationEn = {
    administration: {
        title: 'Verwaltung',
        lead: 'Organisationen, ihre Personen und was geschehen ist. Nichts Klinisches wird hier gezeigt.',
        sections: {
            people: 'Personen',
            accesses: 'Protokoll',
            cases: 'Einwilligung',
            system: 'Sicherung und Schlüssel',
        },
        sectionsLabel: 'Teile der Verwaltung',
        organisation: 'Organisation',
        root: 'Alle Organisationen',
        away: 'Der Server ist nicht erreichbar',
        awayHelp: 'Nichts hat sich geändert. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.',
        notFound: 'Hier gibt es für Sie nichts zu verwalten',
        notFoundHelp: 'Wer Ihre Organisation verwaltet, kann Ihnen das geben.',
        more: 'Mehr zeigen',
        problem: {
            last_administrator: 'Niemand sonst könnte dies verwalten. Geben Sie zuerst jemand anderem die Verwaltung.',
            too_many: 'Mehr passen hier nicht hin.',
            used: 'Dieser Link wurde inzwischen benutzt.',
            withdrawn: 'Diese Einladung wurde zurückgenommen, oder wer sie gab, darf nicht mehr einladen.',
            other_end:
                'Sie haben hier andere Rollen, die zu anderer Zeit enden. Bitten Sie, wer Sie einlud, sie zu setzen.',
            conflict: 'Jemand hat dies inzwischen geändert. Es wird gezeigt, wie es jetzt ist.',
            not_found: 'Das gibt es nicht mehr, oder Sie dürfen es nicht ändern.',
            busy: 'Der Server ist beschäftigt. Nichts hat sich geändert. Versuchen Sie es noch einmal.',
        },
        rename: 'Umbenennen',
        renameTitle: 'Organisation umbenennen',
        renamed: 'Umbenannt.',
        name: 'Name',
        addChild: 'Neue Organisation darunter',
        addChildHelp: 'Zum Beispiel eine Praxis, die überweist. Sie sieht nur ihre eigenen Personen und Patienten.',
        added: (name: string) => `${name} wurde angelegt.`,
        people: 'Personen',
        nobody: 'Noch gehört niemand hierher. Laden Sie die erste Person ein.',
        noRoles: 'Keine Rolle hier',
        untilDay: (when: string) => `bis ${when}`,
        invite: 'Person einladen',
        inviteWhom: 'Für wen?',
        inviteWhomHelp: 'Wie Sie die Person kennen. Sie kann ihren Namen selbst schreiben.',
        inviteMake: 'Link erstellen',
        inviteDays: 'Der Zugang endet',
        inviteDaysNever: 'nicht von selbst',
        inviteDaysAfter: (days: number) => `nach ${plural(days, 'Tag', 'Tagen')}`,
        linkTitle: (name: string) => `Ein Link für ${name}`,
        linkLead: (when: string) =>
            `Er gilt einmal, bis ${when}. Er wird nur jetzt gezeigt: Kopieren Sie ihn und schicken Sie ihn nur ` +
                `dieser Person.`,
        link: 'Link',
        copy: 'Link kopieren',
        copied: 'Kopiert.',
        copyFailed: 'Er ließ sich nicht kopieren. Markieren Sie ihn und kopieren Sie ihn selbst.',
        rolesOf: (name: string) => `Rollen von ${name}`,
        roles: 'Rollen',
        rolesLead: 'Sie gelten hier und, wenn jemand etwas leitet, für alle Organisationen darunter.',
        rolesNone: 'Wählen Sie mindestens eine Rolle.',
        rolesEmpty: 'Ohne Rolle gehört diese Person nicht mehr hierher.',
        elsewhere: 'Gehört auch zu einer Organisation, die Sie nicht verwalten.',
        letGo: 'Hier beenden',
        letGoNamed: (name: string) => `Hier beenden: ${name}`,
        lettingGoOf: (name: string) => `Beenden, was ${name} hier ist`,
        letGoLead:
            'Diese Person gehört dann sofort nicht mehr hierher. Was sie anderswo ist und wo sie angemeldet ist, ' +
            'bleibt, wie es ist. Um zurückzukommen, braucht sie eine Einladung.',
        letGoDone: (name: string) => `${name} gehört nicht mehr hierher.`,
        rolesSaved: 'Gespeichert. Es gilt sofort, auch in offenen Fenstern.',
        role: {
            administrator: 'Verwaltung',
            coordinator: 'Koordination',
            nurse_navigator: 'Patientenlotsin oder -lotse',
            privacy_officer: 'Datenschutz',
            specialist: 'Fachärztin oder Facharzt',
            referrer: 'Überweisende Stelle',
        },
        roleHelp: {
            administrator: 'Verwaltet Personen, Rollen und Organisationen. Sieht nichts Klinisches.',
            coordinator: 'Legt Fälle, Boards und Reihen an.',
            nurse_navigator: 'Begleitet Patienten, bereitet Fälle vor.',
            privacy_officer: 'Liest das Protokoll, wer hingesehen hat.',
            specialist: 'Wird um eine Meinung gebeten.',
            referrer: 'Überweist Patienten und verfolgt, wie es ihnen geht.',
        },
        invitations: 'Offene Einladungen',
        noInvitations: 'Keine ist offen.',
        openUntil: (when: string) => `offen bis ${when}`,
        withdraw: 'Zurückziehen',
        withdrawNamed: (name: string) => `Die Einladung für ${name} zurückziehen`,
        withdrawn: 'Zurückgezogen. Der Link gilt nicht mehr.',
        sessions: 'Angemeldet',
        sessionsOf: (name: string) => `Wo ${name} angemeldet ist`,
        noSessions: 'Gerade nirgends.',
        sessionEnded: 'Dort abgemeldet, binnen einer Sekunde.',
        closeAccount: 'Dieses Konto schließen',
        closeTitle: (name: string) => `Das Konto von ${name} schließen?`,
        closeGoes:
            'Niemand meldet sich mehr damit an, ab sofort. Arbeitsliste, Notizen, Einstellungen, zweite Faktoren und ' +
            'Rollen sind weg. Das lässt sich nicht zurücknehmen.',
        closeStays:
            'Von Rechts wegen bewahrt die Akte, wer hineingesehen, geschrieben und unterschrieben hat: Dort bleibt ' +
            'der Name. Den Anmeldenamen bekommt niemand anderes.',
        closeNow: 'Jetzt schließen',
        accountClosed: (name: string) => `Das Konto von ${name} ist geschlossen.`,
        recordLead:
            'Wer sich angemeldet, hingesehen hat oder abgelehnt wurde. Jede Zeile wurde geschrieben, bevor etwas ' +
            'gezeigt wurde, und lässt sich nicht ändern. Auch der Blick hierher wird aufgeschrieben.',
        recordCase: 'Fall',
        recordCaseHelp: 'Seine ganze Nummer, wie sie in der Adresse des Falls steht.',
        recordFrom: 'Von',
        recordTo: 'Bis',
        search: 'Suchen',
        recordNone: 'Nichts Passendes wurde aufgeschrieben. Suchen Sie weiter gefasst.',
        recordBadCase: 'Das ist keine Fallnummer.',
        casesLead:
            'Wie die Fälle dieser Organisation stehen und ob die Patientin oder der Patient zugestimmt ' +
            'hat. Wer das ist ' +
            'und was der Fall sagt, wird hier nicht gezeigt.',
        casesNone: 'Diese Organisation hat noch keine Fälle.',
        caseNumber: 'Fall',
        caseStatus: 'Stand',
        caseConsent: 'Einwilligung',
        caseLooked: 'Wer hat hingesehen',
        caseLookedNamed: (number: string) => `Wer hat Fall ${number} angesehen`,
        consent: {
            not_asked: 'nicht verlangt',
            asked: 'verlangt, noch nicht gegeben',
            in_force: 'gegeben',
            ended: 'ausgelaufen',
            withdrawn: 'zurückgezogen',
        },
        since: (when: string) => `seit ${when}`,
        backup: 'Sicherung',
        backupWell: 'auf dem Stand',
        backupBehind: (words: string) => `${words} zurück`,
        backupNone: 'Es gibt keine Sicherung',
        backupNoneHelp:
            'Wer den Server betreibt, beginnt eine mit „consilium backup --to“ und einem Ordner auf einer ' +
                'anderen Platte.',
        minutes: (count: number) => plural(count, 'Minute', 'Minuten'),
        backupFacts: {
            lastBase: 'Letzte ganze Kopie',
            lastLog: 'Datenbank, weiter kopiert bis',
            lastImage: 'Letztes kopiertes Bild',
            firstBase: 'Wiederherstellbar zu jedem Zeitpunkt seit',
            held: 'Noch nicht kopiert',
            incomplete: 'Abgebrochene Kopien',
        },
        never: 'nie',
        keys: 'Schlüssel',
        keysLead:
            'Patientendaten sind verschlüsselt. Ein Schlüsselwechsel macht einen neuen und verschließt ' +
            'die anderen neu; ' +
            'die Arbeit geht dabei weiter.',
        keysStreams: (count: number) => `verschließt ${plural(count, 'Akte', 'Akten')}`,
        keysErasures: (count: number) => `${plural(count, 'Löschung läuft', 'Löschungen laufen')}.`,
        keysGeneration: (number: number) => `Schlüssel ${number}`,
        keysCurrent: 'in Gebrauch',
        keysMade: (when: string) => `gemacht ${when}`,
        keysRotate: 'Schlüssel wechseln',
        keysRotating: 'Schlüssel werden gewechselt…',
        keysRotated: 'Die Schlüssel werden gewechselt.',
    },
    invitation: {
        looking: 'Ihre Einladung wird angesehen…',
        title: (organisation: string) => (organisation === '' ? 'Sie sind eingeladen' : `${organisation} lädt Sie ein`),
        lead: (roles: string) =>
            `Ihre Rolle: ${roles}. Wählen Sie, womit Sie sich ab jetzt anmelden; danach sind Sie drin.`,
        leadCase: 'Sie sehen einen Fall. Wählen Sie, womit Sie sich ab jetzt anmelden; danach sind Sie drin.',
        accessEnds: (when: string) => `Ihr Zugang endet am ${when}.`,
        name: 'Ihr Name',
        nameHelp: 'Wie Kolleginnen, Kollegen und Patienten ihn lesen sollen.',
        loginHelp: 'Zum Beispiel Ihre E-Mail-Adresse oder Ihre Initialen. Damit melden Sie sich an.',
        password: 'Ein Passwort',
        passwordHelp: 'Mindestens 8 Zeichen. Ein paar Wörter hintereinander sind gut.',
        accept: 'Annehmen und anmelden',
        accepting: 'Einen Moment…',
        acceptAs: (name: string) => `Sie sind als ${name} angemeldet. Die Einladung für dieses Konto annehmen?`,
        acceptHere: 'Für dieses Konto annehmen',
        signInInstead: 'Ich habe schon ein Konto',
        signInHelp: 'Melden Sie sich an und öffnen Sie den Link noch einmal.',
        accepted: 'Sie haben die Einladung angenommen.',
        loginTaken: 'Diesen Benutzernamen hat schon jemand. Wählen Sie einen anderen.',
        malformed: 'Ein Benutzername hat keine Leerzeichen, und ein Name wird gebraucht.',
        bad: {
            not_found: 'Dieser Link stimmt nicht',
            used: 'Dieser Link wurde schon benutzt',
            expired: 'Dieser Link ist zu alt',
            withdrawn: 'Diese Einladung wurde zurückgezogen',
        },
        badHelp: {
            not_found:
                'Vielleicht fehlt ein Teil. Öffnen Sie ihn noch einmal aus der Nachricht, oder bitten Sie um ' +
                    'einen neuen.',
            used:
                'Ein Link gilt einmal. Waren Sie es selbst, melden Sie sich mit dem gewählten Namen und ' +
                    'Passwort an. Wenn nicht, sagen Sie es der Stelle, die Sie eingeladen hat.',
            expired: 'Bitten Sie die Stelle, die Sie eingeladen hat, um einen neuen. Nichts ist verloren.',
            withdrawn: 'Fragen Sie die Stelle, die Sie eingeladen hat, wenn Sie das nicht erwartet haben.',
        },
        toSignIn: 'Zur Anmeldung',
    },
};
