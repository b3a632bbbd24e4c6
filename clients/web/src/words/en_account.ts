// Words of signing in with two steps, and of the page of one's own account.
const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const accountEn = {
    account: {
        title: 'Your account',
        problem: {
            wrong_login: 'User name or password is not right. Check both and try again.',
            wrong_code: 'This code is not right, or it was used already. Wait for the next one.',
            wrong_proof: 'That is not right. Check what you typed and try again.',
            wrong_passkey: 'This passkey is not known here. Sign in with your password.',
            half_over: 'This took too long, or there were too many tries. Sign in from the beginning.',
            factor_needed: 'Give a code or use your passkey, too.',
            proof_needed: 'Prove that it is you, and try again.',
            weak_password: 'A password has at least 8 characters.',
            over: 'This took too long. Begin again.',
            too_many: 'There are ten already. Remove one first.',
            known_already: 'This one belongs to your account already.',
            no_factor: 'Add an authenticator app or a passkey first.',
            cancelled: 'Nothing was chosen. Nothing has changed.',
            unreachable: 'The server could not be reached. Nothing has changed. Try again.',
        } as Record<string, string>,
        problemElse: 'This did not work. Nothing has changed. Try again.',
        second: {
            title: 'Second step',
            lead: 'Your password is right. Now show that it is you.',
            code: 'Code',
            codeHelp: 'Six digits from your authenticator app, or one of your recovery codes.',
            usePasskey: 'Use a passkey',
            go: 'Continue',
            back: 'Start over',
        },
        passkeySignIn: 'Sign in with a passkey',
        enrol: {
            title: 'One thing first',
            lead:
                'Here everybody signs in with a second factor. Add one now: an authenticator app on your telephone, ' +
                'or a passkey of this device.',
        },
        factors: 'Second factors',
        factorsLead:
            'What you have, beside the password that you know. With one, nobody signs in with your password ' +
            'alone.',
        noFactors: 'None yet.',
        kind: { code: 'Authenticator app', passkey: 'Passkey' },
        since: (when: string) => `since ${when}`,
        addApp: 'Add an authenticator app',
        addPasskey: 'Add a passkey',
        removeFactor: (name: string) => `Remove ${name}`,
        factorRemoved: 'Removed.',
        factorAdded: 'Added. From now on it is asked for when you sign in.',
        app: {
            scan: 'Scan this with an authenticator app on your telephone.',
            picture: 'Code for an authenticator app, to be scanned',
            byHand: 'Or type this key there:',
            confirm: 'Then type the six digits that it shows',
            name: 'Name of the device',
            nameHelp: 'So that you know later which one it is.',
            nameFirst: 'Telephone',
            add: 'Add it',
        },
        passkeyName: 'Passkey of this device',
        recovery: {
            title: 'Recovery codes',
            left: (count: number) =>
                count === 0
                    ? 'You have none. Without them a lost telephone locks you out.'
                    : `${plural(count, 'code is', 'codes are')} left. Each works once, in place of your app or ` +
                        'passkey.',
            make: 'Make new codes',
            shown: 'Print these or write them down. They are shown only now; those before are worth nothing any more.',
            kept: 'I have kept them',
            print: 'Print',
        },
        passwordTitle: 'Password',
        passwordLead: 'After a change everybody else who is signed in as you is signed out.',
        newPassword: 'New password',
        newPasswordHelp: 'At least 8 characters. A few words in a row are good.',
        change: 'Change password',
        passwordChanged: 'Your password was changed. Other devices were signed out.',
        devices: {
            title: 'Signed in',
            lead: 'Where you are signed in now. End what you do not know, and change your password then.',
            on: (browser: string, system: string) => `${browser} on ${system}`,
            browser: {
                chrome: 'Chrome',
                edge: 'Edge',
                firefox: 'Firefox',
                safari: 'Safari',
                other: 'A program',
            } as Record<string, string>,
            system: {
                windows: 'Windows',
                macos: 'macOS',
                linux: 'Linux',
                android: 'Android',
                ios: 'iOS',
                other: 'an unknown system',
            } as Record<string, string>,
            current: 'this one',
            made: (when: string) => `signed in ${when}`,
            used: (when: string) => `last used ${when}`,
            from: (address: string) => `from ${address}`,
            signs: (when: string) => `may sign until ${when}`,
            end: 'Sign out',
            endNamed: (name: string) => `Sign out ${name}`,
            others: 'Sign out all others',
            ended: 'Signed out there.',
        },
        proof: {
            title: 'Is it you?',
            lead: 'Before your account is changed, prove once more who you are.',
            go: 'Go on',
        },
        leaving: (minutes: number) =>
            `Signed out in ${plural(minutes, 'minute', 'minutes')}. Move or press anything to stay.`,
    },
};
