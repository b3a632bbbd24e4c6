// The signed-in person: worklist, preferences, how far they read.
import { roleNumbers, ZERO_UUID, type Membership, type UserDown, type WorklistEntry } from '../wire';

export interface UserModel {
    name: string;
    login: string;
    /** Somewhere; where is said by `memberships`. */
    administrator: boolean;
    coordinator: boolean;
    memberships: readonly Membership[];
    entries: WorklistEntry[];
    preferences: ReadonlyMap<string, string>;
    readMarks: ReadonlyMap<string, number>;
    /** Private words by case. */
    notes: ReadonlyMap<string, string>;
}

type Maker = 'administrator' | 'coordinator' | 'nurse_navigator' | 'referrer' | 'privacy_officer';

const holds = (membership: Membership, role: Maker | 'specialist'): boolean =>
    ((membership.roles >> roleNumbers[role]) & 1) === 1;

const standing = (memberships: readonly Membership[]) => ({
    administrator: memberships.some((one) => holds(one, 'administrator')),
    coordinator: memberships.some((one) => holds(one, 'coordinator')),
    memberships,
});

/** May search all of the record: runs the tenant's root. */
export const runsRoot = (user: UserModel | undefined): boolean | undefined =>
    user?.memberships.some((one) => one.organisation === ZERO_UUID && holds(one, 'administrator'));

/** Has something to see to on the administration page. */
export const runsSomething = (user: UserModel | undefined): boolean =>
    user?.memberships.some((one) => holds(one, 'administrator') || holds(one, 'privacy_officer')) === true;

/** For which organisation this person makes something as one of these roles: the tenant's root if they may there. */
export function makesFor(user: UserModel | undefined, ...roles: Maker[]): string {
    const may = user?.memberships.filter((one) => roles.some((role) => holds(one, role))) ?? [];
    const root = may.find((one) => one.organisation === ZERO_UUID);
    return (root ?? may[0])?.organisation ?? ZERO_UUID;
}

/** Whether this person may look at a case of theirs in an emergency; which, the case says. */
export const breaksGlass = (user: UserModel | undefined): boolean | undefined =>
    user?.memberships.some((one) =>
        (['coordinator', 'nurse_navigator', 'specialist'] as const).some((role) => holds(one, role)),
    );

export function reduceUser(user: UserModel | undefined, message: UserDown): UserModel | undefined {
    if (message.type === 'UserSnapshot') {
        return {
            name: message.name,
            login: message.login,
            ...standing(message.memberships),
            entries: message.entries,
            preferences: new Map(message.preferences.map((one) => [one.name, one.value])),
            readMarks: new Map(message.readMarks.map((one) => [one.patientCase, one.version])),
            notes: new Map(message.notes.map((one) => [one.patientCase, one.text])),
        };
    }
    if (!user) {
        return undefined;
    }
    switch (message.type) {
        case 'EntryPut': {
            const { entry } = message;
            const known = user.entries.some((one) => one.id === entry.id);
            const entries = known
                ? user.entries.map((one) => (one.id === entry.id ? entry : one))
                : [...user.entries, entry];
            return { ...user, entries };
        }
        case 'EntryRemoved':
            return { ...user, entries: user.entries.filter((one) => one.id !== message.id) };
        case 'TopicForgotten': {
            const { about } = message;
            const without = <T>(map: ReadonlyMap<string, T>) =>
                new Map([...map].filter(([patientCase]) => patientCase !== about));
            return {
                ...user,
                entries: user.entries.filter((one) => one.id !== about && one.about !== about),
                readMarks: without(user.readMarks),
                notes: without(user.notes),
            };
        }
        case 'MembershipSet': {
            const { membership } = message;
            const others = user.memberships.filter((one) => one.organisation !== membership.organisation);
            return { ...user, ...standing(membership.roles === 0 ? others : [...others, membership]) };
        }
        case 'MembershipEnded': {
            const others = user.memberships.filter((one) => one.organisation !== message.organisation);
            return { ...user, ...standing(others) };
        }
        case 'PreferenceSet': {
            const preferences = new Map(user.preferences);
            if (message.value === '') {
                preferences.delete(message.name);
            } else {
                preferences.set(message.name, message.value);
            }
            return { ...user, preferences };
        }
        case 'NoteSet': {
            const notes = new Map(user.notes);
            if (message.text === '') {
                notes.delete(message.patientCase);
            } else {
                notes.set(message.patientCase, message.text);
            }
            return { ...user, notes };
        }
        case 'ReadMarked': {
            const readMarks = new Map(user.readMarks);
            const before = readMarks.get(message.patientCase) ?? 0;
            readMarks.set(message.patientCase, Math.max(before, message.version));
            return { ...user, readMarks };
        }
        default:
            return user;
    }
}
