// Wörter der Anmeldung in zwei Schritten und der Seite des eigenen Kontos, auf Deutsch.
import type { accountEn } from './en_account';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const accountDe: typeof accountEn = {
    account: {
        title: 'Ihr Konto',
        problem: {
            wrong_login: 'Benutzername oder Passwort stimmt nicht. Prüfen Sie beides und versuchen Sie es noch einmal.',
            wrong_code: 'Dieser Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten.',
            wrong_proof: 'Das stimmt nicht. Prüfen Sie Ihre Eingabe und versuchen Sie es noch einmal.',
            wrong_passkey: 'Dieser Passkey ist hier nicht bekannt. Melden Sie sich mit Ihrem Passwort an.',
            half_over: 'Das hat zu lange gedauert, oder es waren zu viele Versuche. Melden Sie sich von vorn an.',
            factor_needed: 'Geben Sie auch einen Code ein oder benutzen Sie Ihren Passkey.',
            proof_needed: 'Zeigen Sie, dass Sie es sind, und versuchen Sie es noch einmal.',
            weak_password: 'Ein Passwort hat mindestens 8 Zeichen.',
            over: 'Das hat zu lange gedauert. Beginnen Sie noch einmal.',
            too_many: 'Es sind schon zehn. Entfernen Sie zuerst einen.',
            known_already: 'Dieser gehört schon zu Ihrem Konto.',
            no_factor: 'Fügen Sie zuerst eine Authenticator-App oder einen Passkey hinzu.',
            cancelled: 'Es wurde nichts gewählt. Nichts hat sich geändert.',
            unreachable: 'Der Server ist nicht erreichbar. Nichts hat sich geändert. Versuchen Sie es noch einmal.',
        },
        problemElse: 'Das hat nicht geklappt. Nichts hat sich geändert. Versuchen Sie es noch einmal.',
        second: {
            title: 'Zweiter Schritt',
            lead: 'Ihr Passwort stimmt. Zeigen Sie nun, dass Sie es sind.',
            code: 'Code',
            codeHelp: 'Sechs Ziffern aus Ihrer Authenticator-App oder einer Ihrer Ersatzcodes.',
            usePasskey: 'Passkey benutzen',
            go: 'Weiter',
            back: 'Von vorn beginnen',
        },
        passkeySignIn: 'Mit einem Passkey anmelden',
        enrol: {
            title: 'Zuerst noch eines',
            lead:
                'Hier meldet sich jeder mit einem zweiten Faktor an. Fügen Sie jetzt einen hinzu: eine ' +
                'Authenticator-App auf Ihrem Telefon oder einen Passkey dieses Geräts.',
        },
        factors: 'Zweite Faktoren',
        factorsLead:
            'Was Sie haben, neben dem Passwort, das Sie wissen. Mit einem davon meldet sich niemand mit ' +
            'Ihrem Passwort allein an.',
        noFactors: 'Noch keiner.',
        kind: { code: 'Authenticator-App', passkey: 'Passkey' },
        since: (when) => `seit ${when}`,
        addApp: 'Authenticator-App hinzufügen',
        addPasskey: 'Passkey hinzufügen',
        removeFactor: (name) => `${name} entfernen`,
        factorRemoved: 'Entfernt.',
        factorAdded: 'Hinzugefügt. Ab jetzt wird bei der Anmeldung danach gefragt.',
        app: {
            scan: 'Scannen Sie dies mit einer Authenticator-App auf Ihrem Telefon.',
            picture: 'Code für eine Authenticator-App, zum Scannen',
            byHand: 'Oder geben Sie dort diesen Schlüssel ein:',
            confirm: 'Geben Sie dann die sechs Ziffern ein, die sie zeigt',
            name: 'Name des Geräts',
            nameHelp: 'Damit Sie später wissen, welches es ist.',
            nameFirst: 'Telefon',
            add: 'Hinzufügen',
        },
        passkeyName: 'Passkey dieses Geräts',
        recovery: {
            title: 'Ersatzcodes',
            left: (count) =>
                count === 0
                    ? 'Sie haben keine. Ohne sie sperrt Sie ein verlorenes Telefon aus.'
                    : `${plural(count, 'Code ist', 'Codes sind')} übrig. Jeder gilt einmal, anstelle Ihrer App ` +
                        'oder Ihres Passkeys.',
            make: 'Neue Codes machen',
            shown:
                'Drucken Sie diese aus oder schreiben Sie sie auf. Sie werden nur jetzt gezeigt; frühere gelten ' +
                'nicht mehr.',
            kept: 'Ich habe sie aufbewahrt',
            print: 'Drucken',
        },
        passwordTitle: 'Passwort',
        passwordLead: 'Nach einer Änderung werden alle anderen abgemeldet, die unter Ihrem Namen angemeldet sind.',
        newPassword: 'Neues Passwort',
        newPasswordHelp: 'Mindestens 8 Zeichen. Einige Wörter hintereinander sind gut.',
        change: 'Passwort ändern',
        passwordChanged: 'Ihr Passwort wurde geändert. Andere Geräte wurden abgemeldet.',
        devices: {
            title: 'Angemeldet',
            lead: 'Wo Sie jetzt angemeldet sind. Beenden Sie, was Sie nicht kennen, und ändern Sie dann Ihr Passwort.',
            on: (browser, system) => `${browser} unter ${system}`,
            browser: {
                chrome: 'Chrome',
                edge: 'Edge',
                firefox: 'Firefox',
                safari: 'Safari',
                other: 'Ein Programm',
            },
            system: {
                windows: 'Windows',
                macos: 'macOS',
                linux: 'Linux',
                android: 'Android',
                ios: 'iOS',
                other: 'einem unbekannten System',
            },
            current: 'dieses hier',
            made: (when) => `angemeldet ${when}`,
            used: (when) => `zuletzt benutzt ${when}`,
            from: (address) => `von ${address}`,
            signs: (when) => `darf unterschreiben bis ${when}`,
            end: 'Abmelden',
            endNamed: (name) => `${name} abmelden`,
            others: 'Alle anderen abmelden',
            ended: 'Dort abgemeldet.',
        },
        proof: {
            title: 'Sind Sie es?',
            lead: 'Bevor Ihr Konto geändert wird, zeigen Sie noch einmal, wer Sie sind.',
            go: 'Weiter',
        },
        leaving: (minutes) =>
            `Abmeldung in ${plural(minutes, 'Minute', 'Minuten')}. Bewegung oder ein Tastendruck genügt, um ` +
            'zu bleiben.',
    },
};
