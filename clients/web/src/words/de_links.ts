// Worte der Links für eine Person und von Aufbewahren und Löschen eines Falls.
import type { linksEn } from './en_links';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const linksDe: typeof linksEn = {
    links: {
        title: 'Links zu diesem Fall',
        lead:
            'Ein Link lässt eine Person ein, einmal: wer ihn zuerst öffnet. Schicken Sie ihn nur dieser Person.',
        none: 'Es wurde noch kein Link erstellt.',
        make: 'Link erstellen',
        makeTitle: 'Ein Link zu diesem Fall',
        as: 'Was diese Person hier ist',
        role: {
            observer: 'Beobachtend: sieht zu',
            member: 'Mitglied: wirkt mit und entscheidet',
            specialist: 'Fachärztlich: wird um eine Meinung gebeten',
            patient: 'Die Patientin oder der Patient',
        },
        thePatient: 'die Patientin oder den Patienten',
        needsConsent:
            'Die Person sieht den Fall, solange die Einwilligung sie einschließt, falls eine verlangt wird.',
        patientStays:
            'Wer Patientin oder Patient ist, behält den Zugang zum eigenen Fall. Der Name steht nur im Fall.',
        state: {
            open: 'noch nicht benutzt',
            used: 'benutzt',
            withdrawn: 'zurückgezogen',
            expired: 'zu alt',
        },
        worksUntil: (when: string) => `gilt bis ${when}`,
        accessUntil: (when: string) => `Zugang endet ${when}`,
        callBack: 'Zurückziehen',
        callBackNamed: (name: string) => `Den Link für ${name} zurückziehen`,
        calledBack: 'Zurückgezogen. Der Link gilt nicht mehr.',
        calledBackUsed: 'Zurückgezogen. Die Person sieht nichts mehr.',
        calledBackStays: 'Zurückgezogen. Wer damit kam, behält den Zugang; niemand kommt mehr damit herein.',
        toCase: (role: string) => `Zu einem Fall. ${role}`,
        toMeeting: (cases: number) => `Gast bei ${plural(cases, 'Fall', 'Fällen')} einer Sitzung`,
        leadBoard: (cases: number) =>
            `Sie wirken als Gast an ${plural(cases, 'Fall', 'Fällen')} einer Sitzung mit. ` +
            'Wählen Sie, womit Sie sich anmelden; danach sind Sie dort.',
        ownBoard: (cases: number) =>
            `Sie wirken als Gast an ${plural(cases, 'Fall', 'Fällen')} einer Sitzung mit.`,
        ownCase: 'Sie sehen einen Fall.',
        endsWithMeeting: (when: string) => `Das endet mit der Sitzung, spätestens am ${when}.`,
        onRoster: 'Sie gehören schon zu dieser Sitzung',
        onRosterHelp: 'Sie brauchen keinen Link. Für jemand anderen gilt er noch.',
    },
    guestLinks: {
        button: 'Gäste per Link',
        title: 'Gäste per Link',
        lead:
            'Jemand von außen wirkt an den Fällen mit, die Sie wählen. Von den anderen liest die Person nur ' +
            'Zahlen. Endet die Sitzung, sieht sie nichts mehr.',
        noItems: 'Setzen Sie zuerst einen Fall auf die Tagesordnung.',
        make: 'Link erstellen',
        which: 'Fälle, an denen die Person mitwirkt',
        noneChosen: 'Wählen Sie mindestens einen Fall.',
        atMost: 'Höchstens bis',
        daysAfter: (days: number) => `${plural(days, 'Tag', 'Tage')} nach dem Beginn`,
        ends: 'Mit der Sitzung endet es in jedem Fall.',
    },
    keeping: {
        title: 'Aufbewahren und löschen',
        of: (number: string) => `Fall ${number}`,
        lead: 'Um wen es geht und was der Fall enthält, wird hier nicht gezeigt.',
        free: 'Es gilt keine Löschsperre: Der Fall kann gelöscht werden.',
        held: (when: string) => `Dieser Fall muss aufbewahrt werden. Seit ${when} gilt eine Löschsperre.`,
        heldOther: 'Nur Administration oder Datenschutz können sie aufheben.',
        place: 'Löschsperre setzen',
        placeLead: 'Solange sie gilt, kann niemand diesen Fall löschen, wer auch immer darum bittet.',
        placeWhy: 'Warum er aufbewahrt werden muss',
        placed: 'Gesperrt. Der Fall kann jetzt nicht gelöscht werden.',
        lift: 'Sperre aufheben',
        liftLead: 'Danach kann der Fall gelöscht werden.',
        liftWhy: 'Warum er nicht mehr aufbewahrt werden muss',
        lifted: 'Aufgehoben. Der Fall kann gelöscht werden.',
        reasonHelp: 'Es bleibt in der Akte. Schreiben Sie nichts über die Patientin oder den Patienten.',
        erase: 'Diesen Fall löschen',
        eraseHeld: 'Solange die Sperre gilt, kann er nicht gelöscht werden.',
        eraseTitle: 'Diesen Fall löschen?',
        goes: 'Das geht verloren, sofort und für alle, auch für das Behandlungsteam:',
        goesList: [
            'Bilder und Dokumente',
            'Fallkarte, Gespräch, Zeichnungen und gemerkte Ansichten',
            'Beschlüsse, Stimmen, Unterschriften und Aufgaben',
            'um wen es geht, in jeder Arbeitsliste und auf jeder Tagesordnung',
        ],
        stays: 'Das bleibt:',
        staysList: [
            'dass es einen Fall mit dieser Nummer gab, wann er gelöscht wurde und auf wessen Anordnung',
            'sein Platz auf der Tagesordnung einer Sitzung, leer',
            'wer ihn wann angesehen hat',
            'die Kette der Aufzeichnung: ganz, aber niemand kann lesen, was geschrieben wurde',
        ],
        never:
            'Das kann niemand rückgängig machen: Der Schlüssel des Falls wird vernichtet, auch in den ' +
            'Sicherungen. Setzt vorher jemand eine Löschsperre, gilt die Sperre.',
        eraseWhy: 'Warum er gelöscht wird',
        eraseWhyHelp: 'Das gehört zum Fall und geht mit ihm verloren. Bewahren Sie es auch in Ihren Unterlagen auf.',
        confirm: (number: string) => `Zur Bestätigung schreiben Sie die Nummer des Falls: ${number}`,
        eraseNow: 'Endgültig löschen',
        keep: 'Behalten',
        proof: {
            lead: 'Und belegen Sie, dass Sie es sind.',
            go: 'Mit Passkey endgültig löschen',
            waiting: 'Wird gelöscht…',
            over: 'Belegen Sie noch einmal, dass Sie es sind.',
            late:
                'Es war nicht rechtzeitig belegt, dass Sie es sind. Nichts wurde gelöscht. ' +
                'Geben Sie Passwort oder Code noch einmal ein.',
        },
        erasing: 'Dieser Fall wird gelöscht',
        erasingHelp:
            'Niemand sieht ihn mehr. Seine Bilder und sein Schlüssel werden vernichtet; das dauert ein bis zwei ' +
            'Minuten. Sie müssen nicht warten.',
        erased: 'Dieser Fall wurde gelöscht',
        open: 'Aufbewahren oder löschen',
        openNamed: (number: string) => `Fall ${number} aufbewahren oder löschen`,
    },
};
